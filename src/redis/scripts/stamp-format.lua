-- Gives data without a number their format: that of the code if there are none yet, otherwise 1. Notes which version works
-- with data of the code's own format.
--
-- KEYS, tag {tributary}:
--   format   hash: how the data are written
--   then keys, at least one of which exists if there are data
-- ARGV:
--   number   the format of the code
--   version  of the program
-- Returns the number of the data, which may say as well that they are being carried over or restored.
local format, firstOfData = KEYS[1], 2
local own, version = ARGV[1], ARGV[2]

local number = redis.call('HGET', format, 'number')
if not number then
  number = own
  for nth = firstOfData, #KEYS do
    if redis.call('EXISTS', KEYS[nth]) == 1 then number = '1' end
  end
  redis.call('HSET', format, 'number', number)
end
if number == own then redis.call('HSET', format, 'writtenBy', version) end
return number
