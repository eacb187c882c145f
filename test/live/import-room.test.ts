/** Ten state files of 64 MiB at once: the API stays below a bound, answers others meanwhile, and asks those to come again for whom it has no room. */
import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { request } from 'node:http'
import { test } from 'node:test'
import { apiLimits } from '../../api/limits.ts'
import { childIdentity, handOver } from '../../deploy/identity.ts'
import { type Api, startGateway } from '../support/gateway.ts'

const imports = 10
/** The API by itself takes some 110. */
const wantedMiB = 400

interface Answer {
  readonly status: number
  readonly retryAfter: string | undefined
  readonly text: string
}

async function send(api: Api, id: string, file: Buffer): Promise<Answer> {
  return await new Promise((resolve, reject) => {
    const sent = request(
      `${api.url}/accounts/${id}/ledger/import?format=getmail`,
      { method: 'POST', headers: { ...api.headers, 'content-type': 'application/octet-stream' } },
      (response) => {
        let text = ''
        response.setEncoding('utf8').on('data', (part: string) => (text += part))
        response.on('end', () =>
          resolve({ status: response.statusCode ?? 0, retryAfter: response.headers['retry-after'], text }),
        )
      },
    )
    sent.on('error', reject)
    sent.setHeader('content-length', file.length)
    sent.end(file)
  })
}

function peakMiB(pid: number): number {
  return Number(/^VmHWM:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1]) / 1024
}

test('ten imports at once take a bounded memory, and the API answers meanwhile', { timeout: 300_000 }, async (t) => {
  const folder = mkdtempSync('/tmp/tributary-imports-')
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  handOver(folder, childIdentity([]))
  const gateway = await startGateway(folder, ['alice'])
  t.after(() => gateway.stop())
  const destinationId = await gateway.destination('alice')
  const accounts = await gateway.register(
    Array.from({ length: imports }, (_, nth) => ({
      port: 1,
      user: `u${nth}`,
      password: 'p',
      destinationId,
      paused: true,
    })),
  )
  const api = await gateway.startApi()
  t.after(() => api.stop())
  const line = (nth: number) => `${String(nth).padStart(70, '0')}\x001\n`
  const lines = Math.floor(apiLimits.foreignStateOctetsMax / line(0).length)
  const file = Buffer.alloc(lines * line(0).length)
  for (let nth = 0; nth < lines; nth += 1) file.write(line(nth), nth * line(0).length, 'latin1')
  let slowestMs = 0
  const over = new AbortController()
  const others = (async () => {
    while (!over.signal.aborted) {
      const beganMs = performance.now()
      assert.equal((await api.call('GET', '/destinations?limit=1')).status, 200)
      slowestMs = Math.max(slowestMs, performance.now() - beganMs)
    }
  })()
  const answers = await Promise.all(accounts.map(async ({ id }) => await send(api, id, file)))
  over.abort()
  await others
  const taken = answers.filter(({ status }) => status === 200)
  const refused = answers.filter(({ status }) => status !== 200)
  const peak = peakMiB(api.pid)
  t.diagnostic(
    `${taken.length} taken, ${peak.toFixed(0)} MiB at the most, others in ${slowestMs.toFixed(0)} ms at the most`,
  )
  assert.ok(taken.length > 0)
  for (const { text } of taken) assert.equal((JSON.parse(text) as { imported: number }).imported, lines)
  for (const { status, retryAfter, text } of refused) {
    assert.deepEqual([status, retryAfter], [429, String(apiLimits.importAgainSeconds)])
    assert.match(text, /Other files are being imported just now/)
  }
  assert.ok(peak < wantedMiB, `${peak} MiB`)
  assert.ok(slowestMs < 5000, `${slowestMs} ms`)
})
