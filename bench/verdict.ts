/** Whether what was measured is what was wanted. */

/** What stands before it in a report; each is as long. */
export function marked(met: boolean): string {
  return met ? 'met    ' : 'NOT MET'
}

/** A line of a report. What is not met is the process's failure. */
export function verdict(met: boolean, words: string): string {
  if (!met) process.exitCode = 1
  return `${marked(met)} ${words}`
}
