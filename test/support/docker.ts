/** A `docker` on the path of shell commands that has Containers do what Docker would, as far as docs/operating.md asks for it. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join, resolve } from 'node:path'
import { json } from 'node:stream/consumers'
import { handOver } from '../../deploy/identity.ts'
import type { Kind as Part } from '../../deploy/supervisor.ts'
import { compose, type Containers, parts } from './containers.ts'

/** What the script in its place is to run: nothing, or a program. */
interface Told {
  readonly command?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  /** Of the program, if it is not where the command was given. */
  readonly cwd?: string
}

const script = (node: string, port: number) => `#!${node}
fetch('http://127.0.0.1:${port}', { method: 'POST', body: JSON.stringify({ words: process.argv.slice(2), folder: process.cwd() }) })
  .then(async (answer) => {
    if (!answer.ok) throw new Error(await answer.text())
    const { command, env, cwd } = await answer.json()
    if (command === undefined) return
    const [program, ...args] = command
    process.exitCode = require('node:child_process').spawnSync(program, args, { stdio: 'inherit', cwd, env: env ?? process.env }).status
  })
  .catch((error) => { process.stderr.write(String(error.message)); process.exitCode = 1 })
`

/** @param folder is where the program lies. */
export async function startDocker(containers: Containers, folder: string): Promise<{ close(): void }> {
  const docker = new Docker(containers)
  const server = createServer((request, response) => {
    json(request)
      .then(async (body) => response.end(JSON.stringify(await docker.run(body as Asked))))
      .catch((error: Error) => response.writeHead(500).end(error.message))
  })
  server.listen(0, '127.0.0.1')
  server.unref()
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  writeFileSync(join(folder, 'docker'), script(process.execPath, port), { mode: 0o755 })
  return { close: () => void server.close() }
}

interface Asked {
  readonly words: readonly string[]
  readonly folder: string
}

class Docker {
  readonly #containers: Containers

  constructor(containers: Containers) {
    this.#containers = containers
  }

  async run({ words, folder }: Asked): Promise<Told> {
    const [first, ...rest] = words
    if (first === 'compose') return await this.#compose(rest)
    assert.equal(first, 'run', words.join(' '))
    return this.#run(rest, folder)
  }

  async #compose([what = '', ...rest]: readonly string[]): Promise<Told> {
    const containers = this.#containers
    switch (what) {
      case 'create':
        // Each volume gets the owner that its folder has in the image.
        for (const name of Object.keys(compose.volumes)) mkdirSync(containers.volume(name), { recursive: true })
        handOver(containers.home, containers.identity)
        return {}
      case 'up':
        assert.deepEqual(rest, ['--detach', '--wait'])
        for (const part of parts.toReversed()) await containers.start(part)
        return {}
      case 'stop':
        if (rest.length === 0) await containers.stopAll()
        for (const part of rest) await containers.stop(part as Part)
        return {}
      case 'run': {
        const at = rest.findIndex((word) => !word.startsWith('--'))
        assert.deepEqual(rest.slice(0, at), ['--rm', '--no-deps', '--no-TTY'])
        const [command, args] = containers.asUser(rest.slice(at + 1))
        return { command: [command, ...args], env: containers.environmentOf(rest[at] as Part), cwd: process.cwd() }
      }
      default:
        return assert.fail(`docker compose ${what}`)
    }
  }

  /** `docker run --rm --volume FROM:TO ... IMAGE PROGRAM ...`: the program with the folders where they lie here. */
  #run(words: readonly string[], folder: string): Told {
    const places = new Map<string, string>()
    let at = words.indexOf('--rm') + 1
    for (; words[at] === '--volume'; at += 2) {
      const [from = '', to = ''] = words[at + 1]?.split(':') ?? []
      places.set(
        to,
        from.startsWith('/') ? resolve(folder, from) : this.#containers.volume(from.replace('tributary_', '')),
      )
    }
    assert.equal(words[at], 'debian:12')
    const here = (word: string) =>
      [...places].reduce((text, [to, from]) => text.replace(new RegExp(`^${to}(?=/|$)`), from), word)
    return { command: words.slice(at + 1).map(here) }
  }
}
