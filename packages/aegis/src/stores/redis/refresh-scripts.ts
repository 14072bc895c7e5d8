/** What happens to token families in Redis, each as one atomic step. All keys of one account share its hash tag. */
import { redisScript } from "./client.ts";

const FAMILY = `
local function read(key)
  local flat = redis.call('hgetall', key)
  if #flat == 0 then return nil end
  local family = {}
  for place = 1, #flat, 2 do family[flat[place]] = flat[place + 1] end
  return family
end
local function live(family, now)
  return family.ended == '' and tonumber(family.refreshUntil) > now and tonumber(family.expiresAt) > now
end
local function finish(key, how) redis.call('hset', key, 'ended', how) end
local function keep(key, at)
  if redis.call('pexpiretime', key) < tonumber(at) then redis.call('pexpireat', key, at) end
end
`;

/** KEYS: families, family, used. ARGV: prefix, id, json, hash, now, last used, refresh until, over at, ip, user agent, limit, kept ms. */
export const OPEN = redisScript(`${FAMILY}
local now, alive, ended = tonumber(ARGV[5]), {}, {}
for _, id in ipairs(redis.call('zrevrange', KEYS[1], 0, -1)) do
  local one = read(ARGV[1] .. id)
  if not one then redis.call('zrem', KEYS[1], id)
  elseif live(one, now) then alive[#alive + 1] = id end
end
for place = tonumber(ARGV[11]), #alive do
  finish(ARGV[1] .. alive[place], 'revoked')
  ended[#ended + 1] = alive[place]
end
redis.call('hset', KEYS[2], 'json', ARGV[3], 'current', ARGV[4], 'previous', '', 'number', '0', 'ended', '',
  'lastUsedAt', ARGV[6], 'refreshUntil', ARGV[7], 'expiresAt', ARGV[8], 'ip', ARGV[9], 'userAgent', ARGV[10])
redis.call('zadd', KEYS[3], 0, ARGV[4])
redis.call('zadd', KEYS[1], ARGV[6], ARGV[2])
local over = string.format('%.0f', tonumber(ARGV[8]) + tonumber(ARGV[12]))
for _, key in ipairs(KEYS) do keep(key, over) end
return ended`);

/** KEYS: families, family, used. ARGV: id, from, to, now, refresh until, the grace began after or '', ip, user agent, used kept. */
export const ROTATE = redisScript(`${FAMILY}
local now, one = tonumber(ARGV[4]), read(KEYS[2])
if not one or not redis.call('zscore', KEYS[3], ARGV[2]) then return {'unknown', {}, {}} end
local function told(verdict, forgotten) return {verdict, forgotten or {}, redis.call('hgetall', KEYS[2])} end
if one.ended ~= '' then return told(one.ended == 'reused' and 'reused' or 'ended') end
if not live(one, now) then return {'expired', {}, {}} end
if one.current ~= ARGV[2] then
  if ARGV[6] ~= '' and one.previous == ARGV[2] and tonumber(one.lastUsedAt) > tonumber(ARGV[6]) then return told('overtaken') end
  finish(KEYS[2], 'reused')
  return told('reused')
end
local number, lasts = tonumber(one.number) + 1, math.min(tonumber(ARGV[5]), tonumber(one.expiresAt))
redis.call('hset', KEYS[2], 'current', ARGV[3], 'previous', ARGV[2], 'number', number, 'lastUsedAt', ARGV[4],
  'refreshUntil', string.format('%.0f', lasts), 'ip', ARGV[7], 'userAgent', ARGV[8])
redis.call('zadd', KEYS[3], number, ARGV[3])
redis.call('zadd', KEYS[1], ARGV[4], ARGV[1])
local before = '(' .. (number - tonumber(ARGV[9]))
local forgotten = redis.call('zrangebyscore', KEYS[3], '-inf', before)
redis.call('zremrangebyscore', KEYS[3], '-inf', before)
return told('rotated', forgotten)`);

/** KEYS: families. ARGV: prefix, now, the id or '', the session or ''. Ends what lives, names what is not settled. */
export const END = redisScript(`${FAMILY}
local named = {}
for _, id in ipairs(redis.call('zrange', KEYS[1], 0, -1)) do
  local one = (ARGV[3] == '' or ARGV[3] == id) and read(ARGV[1] .. id) or nil
  if one and (ARGV[4] == '' or cjson.decode(one.json).sessionId == ARGV[4]) then
    if live(one, tonumber(ARGV[2])) then
      finish(ARGV[1] .. id, 'revoked')
      named[#named + 1] = redis.call('hgetall', ARGV[1] .. id)
    elseif one.ended ~= '' then named[#named + 1] = redis.call('hgetall', ARGV[1] .. id) end
  end
end
return named`);

/** KEYS: families, family, used. ARGV: id. The tokens that it had, where this call settled an end. */
export const SETTLE = redisScript(`
local ended = redis.call('hget', KEYS[2], 'ended')
if not ended or ended == '' then return false end
local hashes = redis.call('zrange', KEYS[3], 0, -1)
redis.call('del', KEYS[2], KEYS[3])
redis.call('zrem', KEYS[1], ARGV[1])
return hashes`);

/** KEYS: families. ARGV: prefix. */
export const LIST = redisScript(`
local found = {}
for _, id in ipairs(redis.call('zrange', KEYS[1], 0, -1)) do
  local flat = redis.call('hgetall', ARGV[1] .. id)
  if #flat > 0 then found[#found + 1] = flat end
end
return found`);
