-- The ids in the bands of one signature, of every live epoch. Changes nothing.
-- KEYS[1] the head; ARGV[1] prefix, ARGV[2] generation, ARGV[3] band keys (5 bytes each): see register.lua.
local call, byte, sub = redis.call, string.byte, string.sub
local prefix, keys, FIRST = ARGV[1], ARGV[3], 1024

local state = call('HMGET', KEYS[1], 'generation', 'epoch', 'oldest')
if not state[1] or state[1] ~= ARGV[2] then
  return redis.error_reply('INDEXLOST ' .. (state[1] or ''))
end

local found = {}
for number = tonumber(state[3]), tonumber(state[2]) do
  local row = call('HMGET', prefix .. 'e' .. number, 'size', 'split')
  local size, split = tonumber(row[1] or FIRST), tonumber(row[2] or 0)
  for i = 1, #keys, 5 do
    local l, m, a, b, c = byte(keys, i, i + 4)
    local address = (l + m * 256) % FIRST + FIRST * (a + b * 256 + c * 65536)
    local shard = address % size
    if shard < split then shard = address % (size * 2) end
    local ids = call('HGET', prefix .. number .. ':' .. shard, sub(keys, i + 2, i + 4))
    if ids then found[#found + 1] = ids end
  end
end
return { table.concat(found) }
