import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { doneIn } from '../../dashboard/audit.ts'

const id = '01JDF3Q4ZK5W8T7R6P9N2M1H0G'

test('what the audit log keeps has a word, for every route that changes something', () => {
  const routes = readFileSync('test/fixtures/routes.txt', 'utf8').split('\n')
  const changing = routes.flatMap((line) => {
    const [method = '', path = ''] = line.split(' ')
    return /^(?:POST|PUT|PATCH|DELETE)$/.test(method) ? [{ method, path: path.replace(/:\w+/g, id) }] : []
  })
  assert.ok(changing.length > 30)
  const wordless = changing
    .filter((entry) => doneIn(entry).deed === undefined)
    .map(({ method, path }) => `${method} ${path}`)
  assert.deepEqual(wordless, [])
})

test('an entry leads to what it is about, unless that is gone', () => {
  const path = `/api/v1/accounts/${id}`
  assert.deepEqual(doneIn({ method: 'PATCH', path }), { deed: 'changed an account', id, link: `/accounts/${id}` })
  assert.deepEqual(doneIn({ method: 'DELETE', path }), { deed: 'removed an account', id, link: undefined })
  assert.equal(doneIn({ method: 'POST', path: '/api/v1/session' }).deed, 'signed in')
})
