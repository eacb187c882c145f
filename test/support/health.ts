/** Runs the health check of a container as the container does. */
import { execFile } from 'node:child_process'

/** @returns '' if the worker of this machine is well, otherwise how the check ended and what it said. */
export async function healthOfWorker(env: Readonly<Record<string, string>>): Promise<string> {
  const check = ['dist/deploy/check.js', 'worker']
  const { PATH } = process.env
  return await new Promise((resolve) => {
    execFile(process.execPath, check, { env: { PATH, ...env }, timeout: 20_000 }, (error, _said, complaint) => {
      resolve(error === null ? '' : `${error.code ?? error.signal}: ${complaint.trim()}`)
    })
  })
}
