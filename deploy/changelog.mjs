// Ends `npm version` before anything is committed, if CHANGELOG.md does not begin with a section of that version.
import { readFileSync } from 'node:fs'

const version = process.env.npm_package_version
const [, newest] = /^## (\S+)/m.exec(readFileSync('CHANGELOG.md', 'utf8')) ?? []
if (newest !== version) {
  process.stderr.write(`The newest section of CHANGELOG.md is of ${newest}: write the one of ${version} first.\n`)
  process.exitCode = 1
}
