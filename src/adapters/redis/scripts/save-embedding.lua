--[[
  Saves an embedding while embeddings leave room for what nothing evicts.

  KEYS[1] embedding

  ARGV[1] its text
  ARGV[2] life in seconds
  ARGV[3] share of the server's memory up to which it is saved

  Reply: saved (1 or 0).
]]
local memory = redis.call('INFO', 'memory')
local limit = tonumber(memory:match('maxmemory:(%d+)'))
local used = tonumber(memory:match('used_memory:(%d+)'))
if limit > 0 and used > limit * tonumber(ARGV[3]) then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'EX', ARGV[2])
return 1
