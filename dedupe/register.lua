-- Puts ids into their bands and answers with the ids that were there before: one atomic step, so that of two
-- copies arriving at once at least one sees the other. Registering an id again changes nothing.
--
-- KEYS[1]  the head: generation, epoch, oldest, gone, sequence, count, articles, epochs, age, skipped
-- ARGV[1]  prefix of all other keys, under the head's hash tag
-- ARGV[2]  the generation that the caller counts on
-- ARGV[3…] for each entry: its id and its priority (4 bytes each, little-endian), its band keys (5 bytes each)
-- answers  for each entry: sequence, 1 if new, number of full bands, ids found (4 bytes each, repeated for every
--          band that is shared)
--
-- A band shows the 24 ids of the lowest priority, whenever they came; the others wait behind it, in a string of their
-- own. Who enters the 24 is answered with all that wait. So which pairs are named depends on the articles, and
-- not on their order; each article is paired with 24 of a crowd, and a few with all of it.
--
-- A band lives in a shard, a hash small enough to stay a listpack. Shards grow by linear hashing (Litwin 1980), so
-- that they have the right size however many articles come. Of a band key the low ten bits choose among the first
-- 1,024 shards; the last three bytes are the field, and choose between a shard and the one that splits off it.
-- Effects, not the script, go to replicas and the append-only file; Redis 6.2 must be asked for it.
if redis.replicate_commands then redis.replicate_commands() end

local call, byte, sub = redis.call, string.byte, string.sub
local head, prefix = KEYS[1], ARGV[1]
local FIRST, LOAD, KEY, ID, KEPT, WAITING = 1024, 24, 5, 4, 96, 8192

local state = call('HMGET', head, 'generation', 'epoch', 'oldest', 'articles', 'epochs', 'age', 'gone')
if not state[1] or state[1] ~= ARGV[2] then
  return redis.error_reply('INDEXLOST ' .. (state[1] or ''))
end
local epoch, oldest = tonumber(state[2]), tonumber(state[3])

local function read(number)
  local key = prefix .. 'e' .. number
  local row = call('HMGET', key, 'size', 'split', 'entries', 'ids')
  return {
    key = key, shards = prefix .. number .. ':',
    size = tonumber(row[1] or FIRST), split = tonumber(row[2] or 0),
    entries = tonumber(row[3] or 0), ids = tonumber(row[4] or 0),
  }
end

local function place(at, low, high)
  local address = low + FIRST * high
  local shard = address % at.size
  if shard < at.split then shard = address % (at.size * 2) end
  return at.shards .. shard
end

-- Moves about half of the next shard in turn to a new one at the end.
local function split(at)
  local from, into = at.shards .. at.split, at.shards .. (at.split + at.size)
  local low, rows = at.split % FIRST, call('HGETALL', from)
  local moved, fields = {}, {}
  for i = 1, #rows, 2 do
    local a, b, c = byte(rows[i], 1, 3)
    if (low + FIRST * (a + b * 256 + c * 65536)) % (at.size * 2) ~= at.split then
      fields[#fields + 1] = rows[i]
      moved[#moved + 1] = rows[i]
      moved[#moved + 1] = rows[i + 1]
    end
  end
  if #fields > 0 then
    call('HSET', into, unpack(moved))
    call('HDEL', from, unpack(fields))
  end
  at.split = at.split + 1
  if at.split == at.size then at.size, at.split = at.size * 2, 0 end
end

-- An epoch closes by count or by age; the clock is the server's, the one that all callers share.
local function closed(at)
  if at.ids >= tonumber(state[4]) then return true end
  local age = tonumber(state[6] or 0)
  if age == 0 then return false end
  local now = tonumber(call('TIME')[1])
  call('HSETNX', at.key, 'opened', now)
  return at.ids > 0 and now - tonumber(call('HGET', at.key, 'opened')) >= age
end

-- Old epochs go in small steps: no call may take long.
local function sweep()
  local gone = tonumber(state[7] or 0)
  if gone >= oldest then return end
  local at = read(gone)
  local last = at.size + at.split
  local from = tonumber(call('HGET', at.key, 'swept') or 0)
  local keys = {}
  for shard = from, math.min(from + 31, last - 1) do keys[#keys + 1] = at.shards .. shard end
  if #keys > 0 then call('UNLINK', unpack(keys)) end
  if from + 32 >= last then
    for _, key in ipairs(call('HKEYS', prefix .. 'f' .. gone)) do call('UNLINK', prefix .. 't' .. gone .. ':' .. key) end
    call('UNLINK', at.key, prefix .. 'f' .. gone)
    state[7] = gone + 1
    call('HSET', head, 'gone', gone + 1)
  else
    call('HSET', at.key, 'swept', from + 32)
  end
end

local current = read(epoch)
local earlier = {}
for number = oldest, epoch - 1 do earlier[#earlier + 1] = read(number) end

local function turn()
  call('HSET', current.key, 'size', current.size, 'split', current.split, 'entries', current.entries, 'ids', current.ids)
  earlier[#earlier + 1] = current
  epoch = epoch + 1
  current = read(epoch)
  if #earlier >= tonumber(state[5]) then
    local left = table.remove(earlier, 1)
    call('HINCRBY', head, 'count', -left.ids)
    oldest = oldest + 1
  end
  call('HSET', head, 'epoch', epoch, 'oldest', oldest)
end

-- Priorities stand in strings of 8,192, under `p`; they are asked for in full bands only, each once a call.
local known = {}
local function priority(id)
  if not known[id] then
    local a, b, c, d = byte(id, 1, 4)
    local number = a + b * 256 + c * 65536 + d * 16777216
    local at = (number % 8192) * 4
    local bytes = call('GETRANGE', prefix .. 'p' .. math.floor(number / 8192), at, at + 3)
    local e, f, g, h = byte(bytes, 1, 4)
    known[id] = (e or 255) + (f or 255) * 256 + (g or 255) * 65536 + (h or 255) * 16777216
  end
  return known[id]
end

-- Where the id of the highest priority stands in a full band, and that priority.
local function last(ids)
  local place, most = 1, -1
  for at = 1, #ids, ID do
    local this = priority(sub(ids, at, at + 3))
    if this > most then place, most = at, this end
  end
  return place, most
end

-- A full band: the ids it shows to this one; what is let go, where the newcomer takes a place.
local function crowd(shard, field, key, ids, id, new)
  if not new then return ids end
  local waiting = prefix .. 't' .. epoch .. ':' .. key
  local at, most = last(ids)
  if priority(id) >= most then
    if call('STRLEN', waiting) < WAITING then call('APPEND', waiting, id) end
    return ids
  end
  local all = ids .. (call('GET', waiting) or '')
  if call('STRLEN', waiting) < WAITING then call('APPEND', waiting, sub(ids, at, at + 3)) end
  call('HSET', shard, field, sub(ids, 1, at - 1) .. id .. sub(ids, at + ID))
  return all
end

local function enter(id, keys, new, found)
  local full = 0
  for i = 1, #keys, KEY do
    local l, m, a, b, c = byte(keys, i, i + 4)
    local low, high = (l + m * 256) % FIRST, a + b * 256 + c * 65536
    local field = sub(keys, i + 2, i + 4)
    for _, at in ipairs(earlier) do found[#found + 1] = call('HGET', place(at, low, high), field) or '' end
    local shard = place(current, low, high)
    if new and call('HSETNX', shard, field, id) == 1 then
      current.entries = current.entries + 1
    else
      local ids = call('HGET', shard, field)
      if ids and #ids < KEPT then
        found[#found + 1] = ids
        if new then call('HSET', shard, field, ids .. id) end
      elseif ids then
        full = full + 1
        if new then call('HINCRBY', prefix .. 'f' .. epoch, sub(keys, i, i + 4), 1) end
        found[#found + 1] = crowd(shard, field, sub(keys, i, i + 4), ids, id, new)
      end
    end
  end
  return full
end

local answers = {}
for i = 3, #ARGV, 2 do
  local id, keys = sub(ARGV[i], 1, ID), ARGV[i + 1]
  local a, b, c, d = byte(id, 1, 4)
  local number = a + b * 256 + c * 65536 + d * 16777216
  local seen = prefix .. 's' .. math.floor(number / 32768)
  local new = call('SETBIT', seen, number % 32768, 1) == 0
  if new and closed(current) then turn() end
  if new then call('SETRANGE', prefix .. 'p' .. math.floor(number / 8192), (number % 8192) * 4, sub(ARGV[i], ID + 1)) end
  local found = {}
  local full = enter(id, keys, new, found)
  local sequence
  if new then
    current.ids = current.ids + 1
    sequence = call('HINCRBY', head, 'sequence', 1)
    call('HINCRBY', head, 'count', 1)
    if full > 0 then call('HINCRBY', head, 'skipped', full) end
    for _ = 1, 4 do
      if current.entries <= LOAD * (current.size + current.split) then break end
      split(current)
    end
    sweep()
  else
    sequence = tonumber(call('HGET', head, 'sequence'))
  end
  answers[#answers + 1] = { sequence, new and 1 or 0, full, table.concat(found) }
end
call('HSET', current.key, 'size', current.size, 'split', current.split, 'entries', current.entries, 'ids', current.ids)
return answers
