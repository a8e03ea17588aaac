#!lua
-- The one script of the journal: it brings what the nodes do into one order, and knows nothing of what that is. For Redis 7
-- and later, and Valkey; those before refuse its first line.
--
-- KEYS[1] is the journal, a stream. Its ids are ERA-SEQ, and +1 within an era, so that a reader sees a hole. An era is the
-- time of its first entry in µs, or the next number above all that is there: ids of anyone else (`XADD key *`, in ms) lie
-- below, so Redis counts their entries on in our era. An entry has the fields `h`, its header, and `b`, a body of the node's.
-- The header is `VERSION KIND NODE NUMBER TIME_US`; those of `k` (kept) and `o` (lost), with which an era begins, end with
-- ` PREVIOUS_ID`, the last id before. TIME_US grows from call to call, though the clock may go back.
--
-- A node *knows* what there is if it has read all entries since what was before was lost, or goes on from what one that does
-- has told it. It knows nothing yet whose number is -1, and is told by one that knows, if one lives. Where none does, whoever
-- says hello opens an era and begins with nothing: so all that know anything in an era have it from one beginning.
--
-- Lua hashes an argument byte by byte, which costs more than all else that Redis does with a large body. So an `a` entry (what
-- a node's clients do) may also be appended without this script, under a header of the node's own making:
--   XADD journal NOMKSTREAM [MINID ~ ID] ERA-* h HEADER b BODY
-- Redis refuses it once there is a later era, and answers nothing where the stream is gone. Repeats, and entries of nodes that
-- are gone, are then skipped by every reader alike, by node and number; and none takes a time that is not above the last.
--
-- KEYS[2], of the same hash tag, is a hash:
--   era    the era
--   run    the run id of the Redis in which it was opened
--   t      TIME_US of the last entry
--   clock  what the clock said when a node was last here, in ms
--   hung   until when, in ms, nobody is declared dead
--   next   the last id that a node was given
--   n:ID   of each living node: the last number that it gave here; 0 for one that knows, -1 for one that does not yet
--   s:ID   of each living node: when it was last here, in ms
--   left   the id of a bye behind which nobody lived who knows, and whose it was: that node leaves behind what it knew then
-- Snapshots order nothing: nodes write them to keys of their own, beside this script.
--
-- ARGV is an operation and what it takes; LEASE_MS is how long a node may be silent. An answer is a list of texts:
--   append ERA RUN LEASE_MS NODE NUMBER KIND BODY MINID
--       ok ID TIME_US         appended, and what is older than MINID may be gone (`-`: nothing); `b` (bye) strikes NODE off,
--                             which leaves nothing behind if it has a BODY
--       again LAST_NUMBER     nothing was appended, since the number was there before: an answer was lost, or a node that
--                             waits to be told what there is says that it lives, under -1
--       buried                nothing was done, since the node is not a living one (after a lost answer to its bye: well so)
--   hello ERA RUN LEASE_MS BODY [USELESS_ID]
--       ok ID TIME_US NODE LIVING…   appended; the node's id, and those that were there before and know, ascending. ERA is
--                             the one that the caller has read from its beginning, and so knows, or `0`: it knows nothing.
--                             Then, where nobody lives who knows, a lost one is opened first, in which it knows all. If this
--                             answer is lost, so is the id, which is a node that is never heard and will be declared dead.
--       ok ID TIME_US NODE left LEFT_ID LEFT_NODE   the same, but where nobody lives who knows and the last who did has left
--                             what it knew at LEFT_ID, from where the journal is whole: the caller may know all by that, and
--                             no era is opened. If it finds it to be of no use, it says hello again with that id.
--   death ERA RUN LEASE_MS NODE TARGET
--       ok ID TIME_US         appended, the body is TARGET, which is struck off
--       refused WHY           nothing was done: `heard` within the lease; `hung`, or so it looks, since within a lease nobody
--                             was heard for half a lease, or the clock went as far; `done` before
--       buried                as above
--   era ERA RUN LEASE_MS LAST_ID LAST_TIME_US IS_KEPT BODY     (what the caller has read; 1 if Redis may have kept all)
--       ok ID TIME_US HOW     `kept` or `lost`: a new era. After `lost` nobody is living: all say hello.
-- and each of them
--       era ERA RUN LAST_ID   nothing was done, since this is another era than the caller's, or its run is over, or its
--                             stream is gone, or an id of someone else's bars it (`0 - 0-0` if there is nothing). To be
--                             answered with `era`, unless the caller's is the older one; which says `era` again if it sees
--                             no reason for a new one.
--
-- Nothing is ever half done. What could fail (the wrong type of a key, -OOM, -MISCONF, -NOREPLICAS, -READONLY) fails before
-- the first write: Redis judges all but the type before it runs a script that begins as this one does. So with -OOM exits
-- are refused too: it is the operator's bound, which one entry more would break as well, and they wait at their nodes.
local journal, nodes = KEYS[1], KEYS[2]
local operation, era, run, lease_ms = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4])
-- The last that a double counts one by one.
local era_max = 2 ^ 53 - 1

-- `tostring` makes 1.79e+15 of such numbers.
local function text(number)
    return string.format('%.0f', number)
end

local clock = redis.call('TIME')
local clock_us = clock[1] * 1000000 + clock[2]
local clock_ms = math.floor(clock_us / 1000)
-- Operations without a node ask for a field that nobody has.
local node = (operation == 'append' or operation == 'death') and ARGV[5] or ''
local held_era, held_run, held_time, held_clock, held_number =
    unpack(redis.call('HMGET', nodes, 'era', 'run', 't', 'clock', 'n:' .. node))
local time_us = math.max(clock_us, (tonumber(held_time) or 0) + 1)
local time, clock_time = text(time_us), text(clock_ms)
local gap_ms = clock_ms - (tonumber(held_clock) or clock_ms)
local was_hung = math.abs(gap_ms) * 2 >= lease_ms

-- `0-0` if there is no stream. One that was trimmed to nothing still has its last id.
local function last_id()
    if redis.call('EXISTS', journal) == 0 then
        return '0-0'
    end
    local facts = redis.call('XINFO', 'STREAM', journal)
    for index = 1, #facts, 2 do
        if facts[index] == 'last-generated-id' then
            return facts[index + 1]
        end
    end
end

local function other_era()
    return { 'era', held_era or '0', held_run or '-', last_id() }
end

-- The new entry's id; nothing if the stream is gone, or an id bars it that is no era of ours.
local function add(kind, number, body, minid)
    local header = '3 ' .. kind .. ' ' .. node .. ' ' .. number .. ' ' .. time
    local id
    if minid then
        id = redis.pcall('XADD', journal, 'NOMKSTREAM', 'MINID', '~', minid, era .. '-*', 'h', header, 'b', body)
    else
        id = redis.pcall('XADD', journal, 'NOMKSTREAM', era .. '-*', 'h', header, 'b', body)
    end
    if type(id) == 'table' then
        if not string.find(id.err, '^ERR The ID ') and not string.find(id.err, '^ERR The stream ') then
            error(id)
        end
        return nil
    end
    return id
end

-- Writes down fields, and that somebody was here.
local function note(...)
    if was_hung then
        redis.call('HSET', nodes, 't', time, 'clock', clock_time, 'hung', text(clock_ms + lease_ms), ...)
    else
        redis.call('HSET', nodes, 't', time, 'clock', clock_time, ...)
    end
end

-- The living nodes that know what there is, ascending.
local function knowing()
    local ids = {}
    local held = redis.call('HGETALL', nodes)
    for index = 1, #held, 2 do
        local id = string.match(held[index], '^n:(%d+)$')
        if id and tonumber(held[index + 1]) >= 0 then
            ids[#ids + 1] = tonumber(id)
        end
    end
    table.sort(ids)
    for index = 1, #ids do
        ids[index] = text(ids[index])
    end
    return ids
end

local function strike_off(id)
    redis.call('HDEL', nodes, 'n:' .. id, 's:' .. id)
end

if operation == 'append' then
    local number, kind, body, minid = ARGV[6], ARGV[7], ARGV[8], ARGV[9]
    if held_era ~= era or held_run ~= run then
        return other_era()
    elseif not held_number then
        return { 'buried' }
    elseif tonumber(number) <= tonumber(held_number) then
        note('s:' .. node, clock_time)
        return { 'again', held_number }
    end
    local id = add(kind, number, body, minid ~= '-' and minid)
    if not id then
        return other_era()
    elseif kind == 'b' then
        note()
        strike_off(node)
        if body == '' and #knowing() == 0 then
            redis.call('HSET', nodes, 'left', id .. ' ' .. node)
        end
    else
        note('n:' .. node, number, 's:' .. node, clock_time)
    end
    return { 'ok', id, time }
end

-- Opens an era after those that are known, at a time after one that is known.
local function open(kind, known_era, known_time_us, body)
    local next_id = redis.call('HGET', nodes, 'next') or '0'
    local previous = last_id()
    time_us = math.max(time_us, known_time_us + 1)
    time = text(time_us)
    local new_era = math.max(time_us, known_era + 1, string.match(previous, '%d+') + 1)
    if new_era > era_max then
        error({ err = 'ERR no era can follow what is in the journal: delete its key, and start the nodes again' })
    end
    era = text(new_era)
    local header = '3 ' .. kind .. ' 0 0 ' .. time .. ' ' .. previous
    local id = redis.call('XADD', journal, era .. '-0', 'h', header, 'b', body)
    if kind == 'o' then
        redis.call('DEL', nodes)
    end
    note('era', era, 'run', run, 'next', next_id)
    return id
end

if operation == 'hello' then
    local body, useless_id = ARGV[5], ARGV[6]
    local knows = era ~= '0'
    if (knows and era ~= held_era) or (held_era and run ~= held_run) then
        return other_era()
    end
    local living = knowing()
    local is_deserted = not knows and #living == 0
    local left_id, left_node
    if is_deserted then
        left_id, left_node = string.match(redis.call('HGET', nodes, 'left') or '', '(%S+) (%d+)')
    end
    if left_id and left_id ~= useless_id and #redis.call('XRANGE', journal, left_id, left_id) == 1 then
        era = held_era
        living = { 'left', left_id, left_node }
    elseif is_deserted then
        open('o', 0, 0, '')
        time = text(time_us + 1)
        knows = true
    else
        era = held_era
    end
    node = text((redis.call('HGET', nodes, 'next') or 0) + 1)
    local number = knows and '0' or '-1'
    local id = add('h', number, body)
    if not id then
        return other_era()
    end
    note('next', node, 'n:' .. node, number, 's:' .. node, clock_time)
    local answer = { 'ok', id, time, node }
    for _, word in ipairs(living) do
        answer[#answer + 1] = word
    end
    return answer
end

if operation == 'death' then
    local target = ARGV[6]
    if held_era ~= era or held_run ~= run then
        return other_era()
    elseif not held_number then
        return { 'buried' }
    end
    local heard_ms, hung_ms = unpack(redis.call('HMGET', nodes, 's:' .. target, 'hung'))
    if not heard_ms then
        return { 'refused', 'done' }
    elseif math.abs(clock_ms - heard_ms) < lease_ms then
        return { 'refused', 'heard' }
    elseif was_hung or clock_ms < (tonumber(hung_ms) or 0) then
        return { 'refused', 'hung' }
    end
    local id = add('d', 0, target)
    if not id then
        return other_era()
    end
    note('s:' .. node, clock_time)
    strike_off(target)
    return { 'ok', id, time }
end

local function is_beyond(id, other)
    local id_era, id_seq = string.match(id, '(%d+)-(%d+)')
    local other_id_era, other_seq = string.match(other, '(%d+)-(%d+)')
    local ahead = id_era - other_id_era
    return ahead > 0 or (ahead == 0 and tonumber(id_seq) > tonumber(other_seq))
end

if operation == 'era' then
    local read_id, read_time, may_be_kept, body = ARGV[5], ARGV[6], ARGV[7] == '1', ARGV[8]
    if held_era and tonumber(era) < tonumber(held_era) then
        return other_era()
    end
    local last = last_id()
    local goes_on = held_era == era and last ~= '0-0' and not is_beyond(read_id, last)
    if goes_on and held_run == run and string.match(last, '%d+') == era then
        return other_era()
    end
    local is_kept = goes_on and may_be_kept
    local id = open(is_kept and 'k' or 'o', tonumber(era), tonumber(read_time), body)
    return { 'ok', id, time, is_kept and 'kept' or 'lost' }
end

return redis.error_reply('ERR no such operation: ' .. tostring(operation))
