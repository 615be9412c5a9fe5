-- Takes ids out of their bands, in every live epoch; answers with the sequence after it.
-- KEYS[1] the head; ARGV[1] prefix, ARGV[2] generation, then id and band keys of each entry: see register.lua.
if redis.replicate_commands then redis.replicate_commands() end

local call, byte, sub = redis.call, string.byte, string.sub
local head, prefix, FIRST = KEYS[1], ARGV[1], 1024

local state = call('HMGET', head, 'generation', 'epoch', 'oldest', 'sequence')
if not state[1] or state[1] ~= ARGV[2] then
  return redis.error_reply('INDEXLOST ' .. (state[1] or ''))
end
local sequence = tonumber(state[4] or 0)

-- Ids are compared at 4-byte steps: the bytes of one may stand across two others.
local function without(ids, id)
  for at = 1, #ids, 4 do
    if sub(ids, at, at + 3) == id then return sub(ids, 1, at - 1) .. sub(ids, at + 4) end
  end
  return ids
end

local function clear(number, id, keys)
  local key = prefix .. 'e' .. number
  local row = call('HMGET', key, 'size', 'split')
  local size, split = tonumber(row[1] or FIRST), tonumber(row[2] or 0)
  local taken = false
  for i = 1, #keys, 5 do
    local l, m, a, b, c = byte(keys, i, i + 4)
    local address = (l + m * 256) % FIRST + FIRST * (a + b * 256 + c * 65536)
    local at = address % size
    if at < split then at = address % (size * 2) end
    local shard, field = prefix .. number .. ':' .. at, sub(keys, i + 2, i + 4)
    local ids = call('HGET', shard, field)
    local rest = ids and without(ids, id)
    if ids and rest ~= ids then
      taken = true
      if rest == '' then
        call('HDEL', shard, field)
        call('HINCRBY', key, 'entries', -1)
      else
        call('HSET', shard, field, rest)
      end
    end
  end
  if taken then
    call('HINCRBY', key, 'ids', -1)
    call('HINCRBY', head, 'count', -1)
  end
end

for i = 3, #ARGV, 2 do
  local id, keys = ARGV[i], ARGV[i + 1]
  local a, b, c, d = byte(id, 1, 4)
  local number = a + b * 256 + c * 65536 + d * 16777216
  if call('SETBIT', prefix .. 's' .. math.floor(number / 32768), number % 32768, 0) == 1 then
    for live = tonumber(state[3]), tonumber(state[2]) do clear(live, id, keys) end
    sequence = call('HINCRBY', head, 'sequence', 1)
  end
end
return sequence
