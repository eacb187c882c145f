/** Measures what processes use, as the kernel counts it (proc(5)). A part is a process with all processes that it has started. */
import { readdirSync, readFileSync } from 'node:fs'

export interface Usage {
  readonly cpuSeconds: number
  /** The largest memory at any one time; shared pages are counted once. */
  readonly peakMiB: number
}

const sampleEveryMs = 100
/** USER_HZ, which is 100 wherever Linux runs. */
const ticksPerSecond = 100

/** @param parts has the process id of each part by its name. `stop` gives what each part has used since. */
export function watch<Part extends string>(parts: Readonly<Record<Part, number>>): { stop(): Record<Part, Usage> } {
  const names = Object.keys(parts) as Part[]
  const before = processes()
  const cpuBefore = new Map(names.map((name) => [name, cpuOf(treeOf(parts[name], before))]))
  const peaks = new Map<Part, number>()
  const sample = () => {
    const now = processes()
    for (const name of names) {
      const kiB = treeOf(parts[name], now).reduce((sum, { pid }) => sum + proportionalKiB(pid), 0)
      peaks.set(name, Math.max(peaks.get(name) ?? 0, kiB))
    }
  }
  sample()
  const timer = setInterval(sample, sampleEveryMs)
  return {
    stop() {
      clearInterval(timer)
      sample()
      const after = processes()
      const usages = names.map((name) => {
        const cpuSeconds = cpuOf(treeOf(parts[name], after)) - (cpuBefore.get(name) ?? 0)
        return [name, { cpuSeconds: Math.max(0, cpuSeconds), peakMiB: (peaks.get(name) ?? 0) / 1024 }]
      })
      return Object.fromEntries(usages) as Record<Part, Usage>
    },
  }
}

/** Gives the CPU time so far. A look at memory halts a process for milliseconds, so only this is read where time is measured. */
export function cpuSecondsOf(pid: number): number {
  return cpuOf(treeOf(pid, processes()))
}

interface Process {
  readonly pid: number
  readonly parent: number
  /** The CPU time of the process and of its children that have ended. */
  readonly cpuSeconds: number
}

function processes(): Process[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      const stat = readOrNothing(`/proc/${name}/stat`)
      // The command's name stands in brackets and may hold anything; the state is the first field behind it.
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
      if (fields.length < 15) return []
      const ticks = [11, 12, 13, 14].reduce((sum, nth) => sum + Number(fields[nth]), 0)
      return [{ pid: Number(name), parent: Number(fields[1]), cpuSeconds: ticks / ticksPerSecond }]
    })
}

function treeOf(root: number, all: readonly Process[]): Process[] {
  const here = all.filter(({ pid }) => pid === root)
  const below = all.filter(({ parent }) => parent === root)
  return [...here, ...below.flatMap(({ pid }) => treeOf(pid, all))]
}

function cpuOf(tree: readonly Process[]): number {
  return tree.reduce((sum, { cpuSeconds }) => sum + cpuSeconds, 0)
}

function proportionalKiB(pid: number): number {
  return Number(/^Pss:\s+(\d+)/m.exec(readOrNothing(`/proc/${pid}/smaps_rollup`))?.[1] ?? 0)
}

function readOrNothing(path: string): string {
  try {
    return readFileSync(path, 'latin1')
  } catch {
    // The process ended after it was listed and before it was read.
    return ''
  }
}
