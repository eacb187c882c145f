/** Unpacks packages of Debian that cannot be installed beside what is installed, with the libraries that this machine lacks. */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'

export interface Unpacked {
  readonly root: string
  /** The folders of its libraries. */
  readonly libraries: readonly string[]
}

/**
 * @param name of the folder in which they are kept for the next time.
 * @param needless packages that they name and that are not needed here.
 */
export function unpacked(name: string, packages: readonly string[], needless = /^$/): Unpacked {
  const root = join(tmpdir(), name)
  if (!existsSync(root)) unpackInto(root, packages, needless)
  if (statSync(root).uid !== userInfo().uid) throw new Error(`${root} is somebody else's: nothing in it is run`)
  const libraries = ['usr/lib', 'lib'].flatMap((lib) =>
    existsSync(join(root, lib))
      ? readdirSync(join(root, lib))
          .filter((one) => one.endsWith('-linux-gnu'))
          .map((one) => join(root, lib, one))
      : [],
  )
  return { root, libraries }
}

function unpackInto(kept: string, packages: readonly string[], needless: RegExp): void {
  const folder = mkdtempSync(join(tmpdir(), 'tributary-packages-'))
  const apt = (...args: string[]) => execFileSync('apt-get', args, { cwd: folder, encoding: 'utf8', stdio: 'pipe' })
  const fetchAll = () => {
    const plan = apt('-s', 'install', '--no-install-recommends', ...packages)
    const missing = [...plan.matchAll(/^Inst (lib\S+)/gm)].map(([, one = '']) => one)
    apt('download', ...new Set([...packages, ...missing.filter((one) => !needless.test(one))]))
  }
  try {
    fetchAll()
  } catch {
    // The package lists are missing or old.
    apt('-o', 'DPkg::Lock::Timeout=120', 'update')
    fetchAll()
  }
  const root = join(folder, 'root')
  for (const one of readdirSync(folder).filter((file) => file.endsWith('.deb')))
    execFileSync('dpkg', ['-x', join(folder, one), root])
  try {
    renameSync(root, kept)
  } catch {
    // Another test process was faster.
  }
  rmSync(folder, { recursive: true, force: true })
}
