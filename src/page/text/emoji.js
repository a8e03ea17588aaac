// Knows the common short codes: what `:smile:` stands for.

const TABLE = `
  smile 😄 smiley 😃 grin 😁 grinning 😀 laughing 😆 joy 😂 rofl 🤣 sweat_smile 😅 slightly_smiling_face 🙂 wink 😉
  blush 😊 innocent 😇 relieved 😌 heart_eyes 😍 kissing_heart 😘 yum 😋 stuck_out_tongue 😛 sunglasses 😎 nerd_face 🤓
  thinking 🤔 neutral_face 😐 expressionless 😑 no_mouth 😶 smirk 😏 unamused 😒 roll_eyes 🙄 grimacing 😬 pensive 😔
  sleepy 😪 sleeping 😴 mask 😷 dizzy_face 😵 exploding_head 🤯 partying_face 🥳 confused 😕 worried 😟 frowning 🙁
  open_mouth 😮 flushed 😳 pleading_face 🥺 cry 😢 sob 😭 scream 😱 disappointed 😞 sweat 😓 weary 😩 tired_face 😫
  yawning_face 🥱 rage 😡 angry 😠 skull 💀 poop 💩 clown_face 🤡 ghost 👻 alien 👽 robot 🤖 hugs 🤗 shushing_face 🤫
  zipper_mouth_face 🤐 upside_down_face 🙃 heart ❤️ orange_heart 🧡 yellow_heart 💛 green_heart 💚 blue_heart 💙
  purple_heart 💜 broken_heart 💔 sparkling_heart 💖 +1 👍 thumbsup 👍 -1 👎 thumbsdown 👎 ok_hand 👌 wave 👋 clap 👏
  raised_hands 🙌 pray 🙏 muscle 💪 point_up ☝️ point_right 👉 point_left 👈 point_down 👇 v ✌️ crossed_fingers 🤞
  handshake 🤝 facepalm 🤦 shrug 🤷 eyes 👀 brain 🧠 100 💯 fire 🔥 boom 💥 sparkles ✨ star ⭐ star2 🌟 zap ⚡ tada 🎉
  confetti_ball 🎊 balloon 🎈 gift 🎁 trophy 🏆 rocket 🚀 bulb 💡 bell 🔔 lock 🔒 key 🔑 memo 📝 books 📚 link 🔗
  pushpin 📌 calendar 📅 hourglass ⏳ alarm_clock ⏰ computer 💻 bug 🐛 wrench 🔧 hammer 🔨 package 📦 mag 🔍 warning ⚠️
  white_check_mark ✅ heavy_check_mark ✔️ x ❌ question ❓ exclamation ❗ construction 🚧 coffee ☕ tea 🍵 beer 🍺
  beers 🍻 wine_glass 🍷 pizza 🍕 cake 🍰 birthday 🎂 cookie 🍪 apple 🍎 avocado 🥑 sunny ☀️ cloud ☁️ rainbow 🌈
  snowflake ❄️ ocean 🌊 earth_africa 🌍 seedling 🌱 cactus 🌵 rose 🌹 sunflower 🌻 cat 🐱 dog 🐶 fox_face 🦊 panda_face 🐼
  owl 🦉 penguin 🐧 turtle 🐢 octopus 🐙 bee 🐝 butterfly 🦋 crab 🦀 unicorn 🦄 whale 🐳 see_no_evil 🙈
`;

export const EMOJI = new Map(pairs(TABLE.trim().split(/\s+/u)));

function* pairs(words) {
  for (let index = 0; index < words.length; index += 2) yield [words[index], words[index + 1]];
}
