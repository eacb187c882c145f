/**
 * The texts of a request. Every text that no schema has a form for is one line of whole characters without control characters; this file
 * makes it so for all schemas of what comes in, so that none can forget it. Where a text may hold more, its schema says so (`whole`).
 */

/** What a text of each format is, and the words for one that is not. */
const formats = {
  line: [/^[^\p{Cc}\p{Cs}\u2028\u2029]*$/u, 'must be one line, without line ends and other control characters'],
  whole: [/^\P{Cs}*$/u, 'must consist of whole characters; half of a surrogate pair is none'],
} as const

/** For Ajv. */
export const textFormats = { line: formats.line[0], whole: formats.whole[0] }

export function wantedOf(format: unknown): string | undefined {
  return format === 'line' || format === 'whole' ? formats[format][1] : undefined
}

/** Demands of each text, and of each name that the caller chooses, what the head of this file says. */
export function withLines(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(withLines)
  if (typeof schema !== 'object' || schema === null) return schema
  const copy: Record<string, unknown> = Object.fromEntries(
    Object.entries(schema).map(([name, value]) => [name, isOfValues(name) ? value : withLines(value)]),
  )
  if (copy['type'] === 'string' && copy['format'] === undefined) copy['format'] = copy['x-text'] ?? 'line'
  if (copy['patternProperties'] !== undefined) copy['propertyNames'] = { format: 'line' }
  return copy
}

/** These hold values, and not schemas. */
const isOfValues = (name: string) => ['examples', 'default', 'const', 'enum', 'required'].includes(name)
