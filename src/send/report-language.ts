/** The language in which a report is read first: nobody has told an instance, but the message that it is about may say it. */
import { type ReportLanguage, reportLanguages } from './report-lines.ts'

/** RFC 3282. Outlook writes both; Thunderbird writes the second. */
const saying = [/^accept-language:((?:[^\r\n]|\r\n[ \t])*)/im, /^content-language:((?:[^\r\n]|\r\n[ \t])*)/im]

/**
 * The first language of ours that the header of a sent message names; undefined: none, or English, in which all of a report is.
 *
 * @param header as it went out; undefined: its bytes are gone.
 */
export function reportLanguage(header: Buffer = Buffer.alloc(0)): ReportLanguage | undefined {
  const text = header.toString('latin1')
  for (const field of saying) {
    const tags = field.exec(text)?.[1]?.toLowerCase().split(',') ?? []
    const known = tags.map((tag) => tag.trim().split(/[-;_]/, 1)[0]).find((tag) => tag === 'en' || isOurs(tag))
    if (known !== undefined) return isOurs(known) ? known : undefined
  }
  return undefined
}

function isOurs(tag: string | undefined): tag is ReportLanguage {
  return reportLanguages.some((language) => language === tag)
}
