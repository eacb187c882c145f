/** Reads the settings of this process from its environment, and from the files that hold its secrets. */
import { readFileSync } from 'node:fs'
import { type Config, type Environment, readConfig } from '../config.ts'

export function readEnvironment(env: Environment): Config {
  // Editors and echo end a file with a line end that belongs to no password.
  return readConfig(env, (path) => readFileSync(path, 'utf8').replace(/\r?\n$/, ''))
}
