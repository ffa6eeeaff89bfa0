/**
 * The Lua scripts that Redis runs, each in one step. With PREFIX `{portico}:` the keys are:
 *
 *     {portico}:hub            hash    topics and bytes: what all topics keep; run: the server's run id; era: see `find`
 *     {portico}:topic:NAME     hash    epoch, last (number), bytes (of data), era
 *     {portico}:kept:NAME      list    the messages up to `last`, oldest first: 13 digits of time, a space, the data
 *     {portico}:idle           zset    the topics that no process follows, by the time of their last use
 *     {portico}:processes      zset    the processes, by the time at which they count as dead
 *     {portico}:follows:ID     set     the topics that a process follows
 *     {portico}:lead:NAME      string  the process that produces the messages of a topic
 *
 * They share a hash tag, and so the slot of a cluster: a step may evict any topic. Numbers stay below 2^53, where those of Lua
 * are exact; `%.0f` writes them, as tostring() rounds above 10^14.
 */
import { MESSAGE_OVERHEAD_BYTES, TOPIC_OVERHEAD_BYTES } from '../topic.ts'

/** For the scripts that must work even when Redis is full, which then refuses messages only. */
const WHEN_FULL = '#!lua flags=allow-oom'

const SHARED = `
local HUB, PREFIX = KEYS[1], ARGV[1]
local call = redis.call
local time = call('TIME')
local nowMs = time[1] * 1000 + math.floor(time[2] / 1000)
local nowUs = string.format('%.0f', time[1] * 1000000 + time[2])

local function isFollowed(topic)
  for _, process in ipairs(call('ZRANGE', PREFIX .. 'processes', 0, -1)) do
    if call('SISMEMBER', PREFIX .. 'follows:' .. process, topic) == 1 then return true end
  end
  return false
end

-- Lets a topic be evicted if it exists and no process follows it any more.
local function release(topic)
  if call('EXISTS', PREFIX .. 'topic:' .. topic) == 1 and not isFollowed(topic) then
    call('ZADD', PREFIX .. 'idle', nowUs, topic)
  end
end

-- Reads a topic. The first use in a new era, which begins with a restart that may have lost messages, makes it another
-- incarnation: its numbers may have been given to other messages before.
local function find(topic, era, freshEpoch)
  local key = PREFIX .. 'topic:' .. topic
  local found = call('HMGET', key, 'epoch', 'last', 'bytes', 'era')
  if found[1] and found[4] ~= era then
    call('HSET', key, 'epoch', freshEpoch, 'era', era)
    found[1] = freshEpoch
  end
  return found[1], found[2] or '0', tonumber(found[3]) or 0
end
`

/** ARGV: prefix, topic, data, epoch of a new topic, and the limits. Returns epoch, number and time, or nil if there is no room. */
export const APPEND = `${SHARED}
local topic, data, freshEpoch = ARGV[2], ARGV[3], ARGV[4]
local maxMessages, maxBytes = tonumber(ARGV[5]), tonumber(ARGV[6])
local maxTotal, maxTopics = tonumber(ARGV[7]), tonumber(ARGV[8])
local OVERHEAD, TOPIC_OVERHEAD, TIME_BYTES = ${MESSAGE_OVERHEAD_BYTES}, ${TOPIC_OVERHEAD_BYTES}, 14

local hub = call('HMGET', HUB, 'bytes', 'topics', 'era')
local total, topics, era = tonumber(hub[1]) or 0, tonumber(hub[2]) or 0, hub[3] or ''
local key, kept, idle = PREFIX .. 'topic:' .. topic, PREFIX .. 'kept:' .. topic, PREFIX .. 'idle'
local epoch, last, bytes = find(topic, era, freshEpoch)
local isNew = not epoch
local need = #data + OVERHEAD

if isNew then
  epoch = freshEpoch
  need = need + TOPIC_OVERHEAD + #topic
else
  call('ZADD', idle, 'XX', nowUs, topic)
  local count = call('LLEN', kept)
  while count > 0 and (count >= maxMessages or bytes + #data > maxBytes) do
    local dropped = #call('LPOP', kept) - TIME_BYTES
    count, bytes, total = count - 1, bytes - dropped, total - dropped - OVERHEAD
  end
end

local hasRoom = true
while total + need > maxTotal or (isNew and topics >= maxTopics) do
  local victim = call('ZRANGE', idle, 0, 0)[1]
  hasRoom = victim and victim ~= topic
  if not hasRoom then break end
  local victimKey, victimKept = PREFIX .. 'topic:' .. victim, PREFIX .. 'kept:' .. victim
  local victimBytes = tonumber(call('HGET', victimKey, 'bytes')) or 0
  total = total - victimBytes - call('LLEN', victimKept) * OVERHEAD - TOPIC_OVERHEAD - #victim
  topics = topics - 1
  call('ZREM', idle, victim)
  call('UNLINK', victimKey, victimKept)
end
if not hasRoom then
  call('HSET', HUB, 'bytes', string.format('%.0f', total), 'topics', topics)
  if not isNew then call('HSET', key, 'bytes', bytes) end
  return false
end

if isNew then
  topics = topics + 1
  call('HSET', key, 'epoch', epoch, 'era', era)
  -- Redis may have evicted the hash without the list.
  call('DEL', kept)
  if not isFollowed(topic) then call('ZADD', idle, nowUs, topic) end
end
call('HSET', HUB, 'bytes', string.format('%.0f', total + need), 'topics', topics)
local sequence = string.format('%.0f', last + 1)
call('HSET', key, 'last', sequence, 'bytes', bytes + #data)
local stamp = string.format('%013.0f', nowMs)
call('RPUSH', kept, stamp .. ' ' .. data)
call('SPUBLISH', PREFIX .. 'live:' .. topic, epoch .. ' ' .. sequence .. ' ' .. stamp .. ' ' .. data)
return { epoch, sequence, stamp }
`

/** ARGV: prefix, topic, number, epoch of another incarnation. Returns epoch, last number and what is kept after the number. */
export const READ = `${SHARED}
local topic, after, freshEpoch = ARGV[2], tonumber(ARGV[3]), ARGV[4]
local epoch, last = find(topic, call('HGET', HUB, 'era') or '', freshEpoch)
if not epoch then return { '', '0', {} } end
local kept = PREFIX .. 'kept:' .. topic
local count = call('LLEN', kept)
local from = math.max(0, after - (tonumber(last) - count))
if from >= count then return { epoch, last, {} } end
return { epoch, last, call('LRANGE', kept, string.format('%.0f', from), -1) }
`

/** ARGV: prefix, process, topics. */
export const FOLLOW = `${WHEN_FULL}${SHARED}
for i = 3, #ARGV do
  call('SADD', PREFIX .. 'follows:' .. ARGV[2], ARGV[i])
  call('ZREM', PREFIX .. 'idle', ARGV[i])
end
`

/** ARGV: prefix, process, topics. */
export const UNFOLLOW = `${SHARED}
for i = 3, #ARGV do
  call('SREM', PREFIX .. 'follows:' .. ARGV[2], ARGV[i])
  release(ARGV[i])
end
`

/**
 * Records that a process is alive, and releases the topics that dead ones followed. ARGV: prefix, process, for how many milliseconds, and
 * the former name of the process if its marks are void now. Returns 1 if the marks of the process are still there; 0 if it counted as
 * dead, or if the data of Redis is gone.
 */
export const PULSE = `${WHEN_FULL}${SHARED}
local processes = PREFIX .. 'processes'
local deadline = tonumber(call('ZSCORE', processes, ARGV[2])) or 0
call('ZADD', processes, string.format('%.0f', nowMs + ARGV[3]), ARGV[2])
if ARGV[4] then call('ZADD', processes, 'XX', 0, ARGV[4]) end
for _, dead in ipairs(call('ZRANGEBYSCORE', processes, '-inf', string.format('%.0f', nowMs), 'LIMIT', 0, 1)) do
  local topics = call('SPOP', PREFIX .. 'follows:' .. dead, 500)
  for _, topic in ipairs(topics) do release(topic) end
  if #topics == 0 then call('ZREM', processes, dead) end
end
call('SPUBLISH', PREFIX .. 'pulse', '')
return deadline > nowMs and 1 or 0
`

/** Records which run of the server this is. ARGV: prefix, run id, '1' if the server cannot have lost messages since the last one. */
export const ENTER = `${WHEN_FULL}${SHARED}
local run = call('HGET', HUB, 'run')
if run == ARGV[2] then return end
call('HSET', HUB, 'run', ARGV[2])
if run and ARGV[3] == '0' then call('HSET', HUB, 'era', ARGV[2]) end
`

/**
 * Compares topics with what a process has seen of them. Where a number that it saw is missing, or names another message, Redis came back
 * without its last messages: the topic is another incarnation from now on. ARGV: prefix, epoch of another incarnation, then for each
 * topic its name, epoch, last number seen, and the 13 digits of the time of that message.
 */
export const COMPARE = `${WHEN_FULL}${SHARED}
local era = call('HGET', HUB, 'era') or ''
for i = 3, #ARGV, 4 do
  local topic, seen = ARGV[i], tonumber(ARGV[i + 2])
  local epoch, last = find(topic, era, ARGV[2])
  if epoch == ARGV[i + 1] then
    local kept = PREFIX .. 'kept:' .. topic
    local index = seen - (tonumber(last) - call('LLEN', kept)) - 1
    local isLost = seen > tonumber(last)
    if index >= 0 and not isLost then
      isLost = call('LINDEX', kept, string.format('%.0f', index)):sub(1, 13) ~= ARGV[i + 3]
    end
    if isLost then call('HSET', PREFIX .. 'topic:' .. topic, 'epoch', ARGV[2]) end
  end
end
`

/** ARGV: prefix, topic, process, for how many milliseconds. Returns 1 if the process leads. */
export const LEAD = `${SHARED}
local lead = PREFIX .. 'lead:' .. ARGV[2]
if call('SET', lead, ARGV[3], 'NX', 'PX', ARGV[4]) then return 1 end
if call('GET', lead) ~= ARGV[3] then return 0 end
return call('PEXPIRE', lead, ARGV[4])
`

/** ARGV: prefix, topic, process. */
export const RESIGN = `${SHARED}
local lead = PREFIX .. 'lead:' .. ARGV[2]
if call('GET', lead) == ARGV[3] then call('DEL', lead) end
`
