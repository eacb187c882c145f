import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/** All garbage, and what is let go of only after that. */
export async function collected(): Promise<void> {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  for (let turn = 0; turn < 3; turn += 1) {
    await new Promise(setImmediate)
    collect()
  }
}
