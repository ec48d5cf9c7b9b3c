-- A claim that is gone while there is a tombstone of its user or its session was erased.
local function wasErased(userTombstoneKey, sessionTombstoneKey)
  return redis.call('EXISTS', userTombstoneKey, sessionTombstoneKey) > 0
end
