--[[
  Closes a scope of model calls for a time, and tells the replicas. Times travel as durations, so that no replica's clock
  matters.

  KEYS[1] closings

  ARGV[1] scope
  ARGV[2] ms
  ARGV[3] channel

  Reply: none.
]]
--- @include now-ms
local now = nowMs()

redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
redis.call('ZADD', KEYS[1], 'GT', now + ARGV[2], ARGV[1])
local last = redis.call('ZRANGE', KEYS[1], -1, -1, 'WITHSCORES')[2]
redis.call('PEXPIRE', KEYS[1], math.ceil(last - now))
redis.call('PUBLISH', ARGV[3], ARGV[2] .. ' ' .. ARGV[1])
