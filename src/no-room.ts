/** Whether an error says that a disk is full, or the quota of the user that this runs as. */
export function isNoRoom(error: unknown): boolean {
  const { code = '' } = (error ?? {}) as NodeJS.ErrnoException
  return code === 'ENOSPC' || code === 'EDQUOT'
}
