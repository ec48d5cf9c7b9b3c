--[[
  Reads a shared answer, or takes the lease to write it.

  KEYS[1] answer
  KEYS[2] lease

  ARGV[1] owner
  ARGV[2] lease in ms

  Reply: state (cached, uncacheable, busy or acquired), answer or ''.
]]
local answer = redis.call('GET', KEYS[1])
if answer then return {'cached', answer} end
local owner = redis.call('GET', KEYS[2])
if owner == 'uncacheable' then return {'uncacheable', ''} end
if owner and owner ~= ARGV[1] then return {'busy', ''} end
redis.call('SET', KEYS[2], ARGV[1], 'PX', ARGV[2])
return {'acquired', ''}
