-- A packed order: texts in their order, in pieces of so few that Redis keeps each packed: a third of the memory of one large sorted set
-- (docs/decisions/0070). `putIn(order, text)` adds a text, `takeOut(order, text)` removes it.
--
--   order        sorted set, all of score 0: for each piece the text from which on it holds them; '' for the lowest
--   ORDER:FROM   sorted set, all of score 0: texts. Its key shares the tag of `order`
local function keyOfPiece(order, from) return (string.gsub(order, 'run%-buckets$', 'run-index')) .. ':' .. from end

-- The piece that a text belongs to; nil: there is none yet. Redis compares texts, since Lua compares them by the locale.
local function pieceFor(order, text)
  return redis.call('ZRANGE', order, '[' .. text, '-', 'BYLEX', 'REV', 'LIMIT', 0, 1)[1]
end

-- Makes room beside a piece that is full: behind it, where texts come in their order, and otherwise in its midst.
local function divide(order, piece, text)
  local higher = redis.call('ZRANGE', piece, '(' .. text, '+', 'BYLEX', 'LIMIT', 0, 1)[1]
  if not higher then
    redis.call('ZADD', order, 0, text)
    return
  end
  local upper = redis.call('ZRANGE', piece, math.floor(redis.call('ZCARD', piece) / 2), -1)
  redis.call('ZADD', order, 0, upper[1])
  local other = keyOfPiece(order, upper[1])
  for _, moved in ipairs(upper) do
    redis.call('ZREM', piece, moved)
    redis.call('ZADD', other, 0, moved)
  end
end

local function putIn(order, text)
  local from = pieceFor(order, text)
  if not from then
    redis.call('ZADD', order, 0, '')
    from = ''
  end
  local piece = keyOfPiece(order, from)
  if redis.call('ZCARD', piece) >= limits.pieceTexts and not redis.call('ZSCORE', piece, text) then
    divide(order, piece, text)
    piece = keyOfPiece(order, pieceFor(order, text))
  end
  redis.call('ZADD', piece, 0, text)
end

local function takeOut(order, text)
  local from = pieceFor(order, text)
  if not from then return end
  local piece = keyOfPiece(order, from)
  if redis.call('ZREM', piece, text) == 1 and redis.call('EXISTS', piece) == 0 then redis.call('ZREM', order, from) end
end

-- Texts as ZRANGE BYLEX gives them; `direction` is 'REV', with '-' as its end, or ''.
local function rangeOf(order, from, to, count, direction)
  local found, isBack, at = {}, direction == 'REV', from
  if isBack and from ~= '+' then at = '[' .. string.sub(from, 2) end
  if not isBack and from ~= '-' then at = '[' .. (pieceFor(order, string.sub(from, 2)) or '') end
  local function range(set, first, last, most)
    if isBack then return redis.call('ZRANGE', set, first, last, 'BYLEX', 'REV', 'LIMIT', 0, most) end
    return redis.call('ZRANGE', set, first, last, 'BYLEX', 'LIMIT', 0, most)
  end
  while #found < count do
    -- A piece that begins behind the end holds nothing of it.
    local piece = range(order, at, to, 1)[1]
    if not piece then break end
    for _, text in ipairs(range(keyOfPiece(order, piece), from, to, count - #found)) do table.insert(found, text) end
    at = '(' .. piece
  end
  return found
end
