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

local function priority(id)
  local a, b, c, d = byte(id, 1, 4)
  local number = a + b * 256 + c * 65536 + d * 16777216
  local at = (number % 8192) * 4
  local e, f, g, h = byte(call('GETRANGE', prefix .. 'p' .. math.floor(number / 8192), at, at + 3), 1, 4)
  return (e or 255) + (f or 255) * 256 + (g or 255) * 65536 + (h or 255) * 16777216
end

-- Of those that wait behind a full band the one of the lowest priority takes the place that is free.
local function promoted(key)
  local left = call('GET', key)
  if not left then return '' end
  local best, least = nil, math.huge
  for at = 1, #left, 4 do
    local this = priority(sub(left, at, at + 3))
    if this < least then best, least = sub(left, at, at + 3), this end
  end
  if not best then return '' end
  call('SET', key, without(left, best))
  return best
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
    local waiting = prefix .. 't' .. number .. ':' .. sub(keys, i, i + 4)
    if ids and rest == ids then
      local left = call('GET', waiting)
      if left then call('SET', waiting, without(left, id)) end
    elseif ids then
      taken = true
      rest = rest .. promoted(waiting)
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
  local id, keys = sub(ARGV[i], 1, 4), ARGV[i + 1]
  local a, b, c, d = byte(id, 1, 4)
  local number = a + b * 256 + c * 65536 + d * 16777216
  if call('SETBIT', prefix .. 's' .. math.floor(number / 32768), number % 32768, 0) == 1 then
    for live = tonumber(state[3]), tonumber(state[2]) do clear(live, id, keys) end
    sequence = call('HINCRBY', head, 'sequence', 1)
  end
end
return sequence
