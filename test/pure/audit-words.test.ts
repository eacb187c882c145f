import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'

/** The rows of dashboard/audit.ts: it is built for browsers, so its text is read. */
const rows = [...readFileSync('dashboard/audit.ts', 'utf8').matchAll(/\['([A-Z]+)', ['`](.+?)['`], '(.+?)'\]/g)].map(
  ([, method = '', path = '', deed = '']) => ({
    method,
    pattern: new RegExp(`^${path.replaceAll(/\$\{id\}/g, '([0-9A-Z]{26})')}$`),
    deed,
  }),
)
const id = '01JDF3Q4ZK5W8T7R6P9N2M1H0G'

test('what the audit log keeps has a word, for every route that changes something', () => {
  const routes = readFileSync('test/fixtures/routes.txt', 'utf8').split('\n')
  const changing = routes.flatMap((line) => {
    const [method = '', path = ''] = line.split(' ')
    const short = path.replace('/api/v1', '').replace(/:\w+/g, id)
    return /^(?:POST|PUT|PATCH|DELETE)$/.test(method) ? [{ method, short }] : []
  })
  assert.ok(rows.length > 30 && changing.length > 30)
  const wordless = changing.filter(
    ({ method, short }) => !rows.some((row) => row.method === method && row.pattern.test(short)),
  )
  assert.deepEqual(
    wordless.map(({ method, short }) => `${method} ${short}`),
    [],
  )
})
