// Someone at the chat page, who finds things there by their roles and names, as with a screen reader.

import assert from 'node:assert/strict';

import { openPage } from './browser.mjs';
import { eventually } from './waiting.mjs';

export class Person {
  #tolerated = [];

  /** What no page may say: uncaught errors, errors on the console, violations of the content security policy. */
  complaints = [];

  constructor(name, page) {
    this.name = name;
    this.page = page;
  }

  /** Opens the page at `url`, still on the joining screen; complaints that match `tolerated` are expected from the first on. */
  static async open(name, url, { tolerated, ...options } = {}) {
    const page = await openPage(options);
    const person = new Person(name, page);
    if (tolerated !== undefined) person.tolerate(tolerated);
    page.on('pageerror', (error) => person.#complain(`uncaught: ${error.stack}`));
    page.on('console', (line) => line.type() === 'error' && person.#complain(`console: ${line.text()}`));
    await page.addInitScript(() => {
      document.addEventListener('securitypolicyviolation', (event) => {
        console.error(`against the policy: ${event.violatedDirective}, ${event.blockedURI}, ${event.sample}`);
      });
    });
    await page.goto(url);
    return person;
  }

  /** From here on, complaints that match the pattern are expected. */
  tolerate(pattern) {
    this.#tolerated.push(pattern);
  }

  #complain(complaint) {
    if (!this.#tolerated.some((pattern) => pattern.test(complaint))) this.complaints.push(complaint);
  }

  // The joining screen

  get nameBox() { return this.#textbox('Name'); }
  get emailBox() { return this.#textbox('Email (optional)'); }
  get startButton() { return this.button('Start chatting'); }

  async signIn(email = '') {
    await this.nameBox.fill(this.name);
    await this.emailBox.fill(email);
    await this.startButton.click();
    await this.isConnected();
  }

  // The conversation screen

  get channels() { return this.page.getByRole('navigation', { name: 'Channels', exact: true }); }
  get privates() { return this.page.getByRole('navigation', { name: 'Private messages', exact: true }); }
  get log() { return this.page.getByRole('log', { name: 'Messages', exact: true }); }
  get messageBox() { return this.#textbox('Message'); }
  get joinBox() { return this.#textbox('Join a channel'); }
  get status() { return this.page.getByRole('status'); }
  get alert() { return this.page.getByRole('alert'); }
  get latestButton() { return this.page.getByRole('button', { name: /^Back to the latest messages/ }); }

  /** Messages and notices, which all have a time; what is not sent yet has none. */
  get messages() {
    return this.log.getByRole('listitem').filter({ has: this.page.locator('time') });
  }

  get members() {
    const named = { name: 'Members', exact: true };
    return this.page.getByRole('complementary', named).or(this.page.getByRole('region', named));
  }

  button(name) {
    return this.page.getByRole('button', { name, exact: true });
  }

  heading(name) {
    return this.page.getByRole('heading', { level: 2, name, exact: true });
  }

  /** The entry of a conversation in a list of them, whatever its state. */
  entry(list, name) {
    return list.getByRole('button', { name: new RegExp(`^${escaped(name)}(,|$)`) });
  }

  /** The entry of a conversation with so many unread messages. */
  unread(list, name, count) {
    const state = count === 0 ? '(, (?!.*unread).*)?' : `(,.*)?, ${count} unread`;
    return list.getByRole('button', { name: new RegExp(`^${escaped(name)}${state}$`) });
  }

  /** The messages and notices that hold a text. */
  message(text) {
    return this.messages.filter({ hasText: text });
  }

  memberButton(name) {
    return this.members.getByRole('button', { name: `Message ${name}`, exact: true });
  }

  async isConnected() {
    await this.status.filter({ hasText: /^\s*Connected/ }).first().waitFor({ state: 'attached' });
  }

  /** Waits until it is in the channel that is shown, and not only on its way there. */
  async isIn(channel) {
    await this.heading(channel).waitFor();
    await this.page.getByRole('main').getByText(/^[\d,]+ members?$/).waitFor();
  }

  async join(channel) {
    await this.joinBox.fill(channel);
    await this.button('Join').click();
    await this.isIn(channel);
  }

  async say(text) {
    await this.messageBox.fill(text);
    await this.messageBox.press('Enter');
  }

  /** Waits for a message or notice, and returns it; there must be one only. */
  async see(text) {
    const message = this.message(text);
    await message.waitFor();
    return message;
  }

  /** Waits until the members are the person itself and these others, and nobody else. */
  async seeMembers(...others) {
    await this.members.filter({ hasText: `${this.name} (you)` }).waitFor();
    for (const name of others) await this.memberButton(name).waitFor();
    await eventually(async () => {
      assert.equal(await this.members.getByRole('button', { name: /^Message / }).count(), others.length);
    });
  }

  async hasKeyboard(target) {
    return target.evaluate((element) => element === document.activeElement);
  }

  #textbox(name) {
    return this.page.getByRole('textbox', { name, exact: true });
  }
}

export async function opacity(target) {
  return Number(await target.evaluate((element) => getComputedStyle(element).opacity));
}

function escaped(text) {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
