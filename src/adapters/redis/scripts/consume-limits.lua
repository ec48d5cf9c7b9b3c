--[[
  Counts a request against all of its limits at once, or against none of them.

  A log is a hash: the start of a slot in ms -> requests in it, `total` and `oldest` (a slot's start). A slot is one
  millisecond, or a part of the window for large limits, so that a log stays small.
  It counts until a window after its last millisecond: in no span of a window's length do more pass than the limit.

  KEYS[1] mark of the request
  KEYS[2] counter of the version before
  KEYS[3...] a log for each rate, then a set for each place

  ARGV[1] number of rates
  ARGV[2] request
  ARGV[3] the mark's life in seconds
  ARGV[4] life of a place in ms
  ARGV[5] the rate (1 for the first) that the version before counts as well, or 0
  ARGV[6] the instant of the count to be taken back in ms, or 0
  ARGV[7...] limit, window in ms, slot in ms and cost of each rate, then the limit of each place

  Reply: allowed (1 or 0), now or 0 for a further try of the same request, which counts nothing, then room, ms until
  there is more, exceeded (1 or 0) of each rate, then full (1 or 0) of each place.
]]
--- @include now-ms
local now = nowMs()
local rateCount, request, refundedAt = tonumber(ARGV[1]), ARGV[2], tonumber(ARGV[6])
local sharedRate = tonumber(ARGV[5])

local function rateOf(i)
  local at = 3 + i * 4
  return {key = KEYS[2 + i], limit = tonumber(ARGV[at]), window = tonumber(ARGV[at + 1]),
    slot = tonumber(ARGV[at + 2]), cost = tonumber(ARGV[at + 3])}
end

local function forgetOld(rate, total)
  local fields, gone, oldest = redis.call('HGETALL', rate.key), {}, nil
  for f = 1, #fields, 2 do
    local slot = tonumber(fields[f])
    if slot and slot + rate.slot - 1 + rate.window <= now then
      gone[#gone + 1] = fields[f]
      total = total - fields[f + 1]
    elseif slot and (not oldest or slot < oldest) then oldest = slot end
  end
  if not oldest then
    redis.call('DEL', rate.key)
    return 0, nil
  end
  if #gone > 0 then redis.call('HDEL', rate.key, unpack(gone)) end
  redis.call('HSET', rate.key, 'total', total, 'oldest', oldest)
  return total, oldest
end

local function look(i, rate)
  local head = redis.call('HMGET', rate.key, 'total', 'oldest')
  local total, oldest = tonumber(head[1] or 0), tonumber(head[2])
  if oldest and oldest + rate.slot - 1 + rate.window <= now then total, oldest = forgetOld(rate, total) end
  rate.oldest = oldest
  rate.room = rate.limit - total
  rate.reset = oldest and oldest + rate.slot - 1 + rate.window - now or 0
  if i == sharedRate then
    local counted = tonumber(redis.call('GET', KEYS[2]) or 0)
    if rate.limit - counted < rate.room then
      rate.room = rate.limit - counted
      rate.reset = math.max(1, redis.call('PTTL', KEYS[2]))
    end
  end
  rate.room = math.max(0, rate.room)
  return rate
end

local function record(i, rate)
  local slot = now - now % rate.slot
  redis.call('HINCRBY', rate.key, slot, 1)
  redis.call('HINCRBY', rate.key, 'total', 1)
  if not rate.oldest or slot < rate.oldest then redis.call('HSET', rate.key, 'oldest', slot) end
  redis.call('PEXPIRE', rate.key, rate.window + rate.slot)
  if i == sharedRate and redis.call('INCR', KEYS[2]) == 1 then redis.call('PEXPIRE', KEYS[2], rate.window) end
end

local function takeBack(i, rate)
  local slot = refundedAt - refundedAt % rate.slot
  local count = tonumber(redis.call('HGET', rate.key, slot) or 0)
  if count < 1 then return end
  if count > 1 then redis.call('HINCRBY', rate.key, slot, -1) else redis.call('HDEL', rate.key, slot) end
  local total = redis.call('HINCRBY', rate.key, 'total', -1)
  if count == 1 and rate.oldest == slot then forgetOld(rate, total) end
  if i == sharedRate and tonumber(redis.call('GET', KEYS[2]) or 0) > 0 then redis.call('DECR', KEYS[2]) end
end

local isRetry = refundedAt == 0 and redis.call('EXISTS', KEYS[1]) == 1
local allowed, rates = 1, {}
for i = 1, rateCount do
  rates[i] = look(i, rateOf(i))
  if rates[i].room < 1 and not isRetry and refundedAt == 0 then
    rates[i].exceeded = 1
    allowed = 0
  end
end
local full = {}
for p = 3 + rateCount, #KEYS do
  redis.call('ZREMRANGEBYSCORE', KEYS[p], '-inf', now)
  local limit = tonumber(ARGV[6 + rateCount * 4 + p - 2 - rateCount])
  local isOurs = isRetry or redis.call('ZSCORE', KEYS[p], request)
  full[#full + 1] = (not isOurs and redis.call('ZCARD', KEYS[p]) >= limit) and 1 or 0
  if full[#full] == 1 then allowed = 0 end
end

if allowed == 1 then
  for i, rate in ipairs(rates) do
    if rate.cost > 0 and not isRetry then record(i, rate) end
    if rate.cost < 0 then takeBack(i, rate) end
    if rate.cost ~= 0 and not isRetry then rates[i] = look(i, rate) end
  end
  for p = 3 + rateCount, #KEYS do
    redis.call('ZADD', KEYS[p], now + ARGV[4], request)
    redis.call('PEXPIRE', KEYS[p], ARGV[4])
  end
  if refundedAt == 0 then redis.call('SET', KEYS[1], 1, 'EX', ARGV[3]) end
end

local reply = {allowed, isRetry and 0 or now}
for _, rate in ipairs(rates) do
  reply[#reply + 1] = rate.room
  reply[#reply + 1] = rate.reset
  reply[#reply + 1] = rate.exceeded or 0
end
for _, isFull in ipairs(full) do reply[#reply + 1] = isFull end
return reply
