/** Copies the data of the Redis that the settings name into another one, whose URL comes on standard input: in a process list it would be read. */
import { text } from 'node:stream/consumers'
import { ConfigInvalid } from '../src/config.ts'
import { readEnvironment } from '../src/disk/environment.ts'
import { connectRedis } from '../src/redis/connection.ts'
import { demandReliable } from '../src/redis/reliable.ts'
import { transfer } from '../src/redis/transfer.ts'
import { runMain } from '../src/run-main.ts'

async function main(): Promise<void> {
  const { redisUrl, redisSentinelPassword } = readEnvironment(process.env)
  const url = (await text(process.stdin)).trim()
  if (redisUrl === undefined || url === '')
    throw new ConfigInvalid(
      'TRIBUTARY_REDIS_URL names the Redis to be copied; the URL of the other one comes on standard input',
    )
  const from = connectRedis(redisUrl, 'api', () => {}, redisSentinelPassword)
  const to = connectRedis(url, 'api', () => {}, redisSentinelPassword)
  try {
    for (const redis of [from, to]) await demandReliable(redis)
    const copied = await transfer(from, to)
    process.stdout.write(
      `${copied} keys were copied. Name the other Redis in TRIBUTARY_REDIS_URL, and start API and workers.\n`,
    )
  } finally {
    from.disconnect()
    to.disconnect()
  }
}

runMain(main)
