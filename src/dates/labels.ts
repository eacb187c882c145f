/**
 * Dates whose numbers have names beside them, as Chinese, Japanese, Korean, Vietnamese and Thai write them ("2004年10月28日", "ngày 28 tháng 10 năm
 * 2004"), with their eras and halves of the day. They are made into what every date is.
 */

const englishMonths = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec']

/** @param text in the form NFKC. */
export function withoutLabels(text: string): string {
  if (/[\u3000-\u9fff\uac00-\ud7a3]/.test(text)) return withoutEastAsian(text)
  if (/[\u0e00-\u0e7f]/.test(text)) return withoutThai(text)
  return /th.{1,2}ng|thg/i.test(text) ? withoutVietnamese(text) : text
}

const monthName = (month: number) => ` ${englishMonths[month - 1] ?? ''} `

/** The year before the first one of each era. */
const eras: Readonly<Record<string, number>> = { 令和: 2018, 平成: 1988, 昭和: 1925, 民國: 1911, 民国: 1911 }

const halves = /(?:(凌晨|清晨|早上|上午|午前|오전)|中午|下午|晚上|晚間|午後|오후)\s?([\d:]*)/g

/** Year, month and day are named behind their numbers, and the half of the day stands before the hour. */
function withoutEastAsian(text: string): string {
  return text
    .replace(/[〇零一二三四五六七八九十]{1,4}(?=\s?[年月日时時分秒])/g, digitsOf)
    .replace(
      /(令和|平成|昭和|民國|民国)\s?(\d{1,3}|元)\s?年/g,
      (_, era: string, year: string) => `${(eras[era] ?? 0) + (year === '元' ? 1 : Number(year))}年`,
    )
    .replace(/(\d{2,4})\s?[年년]\s?(\d{1,2})\s?[月월]\s?(\d{1,2})\s?[日일号號]?/g, ' $1-$2-$3 ')
    .replace(/(\d{1,2})\s?[月월]/g, (_, month: string) => monthName(Number(month)))
    .replace(/(\d{1,2})\s?[時时시点點]\s?(\d{1,2})\s?[分분](?:\s?(\d{1,2})\s?[秒초])?/g, ' $1:$2:$3 ')
    .replace(
      halves,
      (_, isBefore: string | undefined, time: string) => ` ${time} ${isBefore === undefined ? 'pm' : 'am'} `,
    )
}

/** "二〇二一" has a sign for each digit; "二十八" counts tens. */
function digitsOf(numeral: string): string {
  const digits = Array.from(numeral, (sign) => '〇一二三四五六七八九'.indexOf(sign === '零' ? '〇' : sign))
  const ten = numeral.indexOf('十')
  if (ten < 0) return digits.join('')
  return String((ten === 0 ? 1 : (digits[0] ?? 0)) * 10 + (digits[ten + 1] ?? 0))
}

const thaiMonths = 'ม.ค. ก.พ. มี.ค. เม.ย. พ.ค. มิ.ย. ก.ค. ส.ค. ก.ย. ต.ค. พ.ย. ธ.ค.'.split(' ')

/** The short months have points inside; "พ.ศ." names the era, "เวลา" and "น." the time. */
function withoutThai(text: string): string {
  return text
    .replace(/[\u0e00-\u0e7f]{1,2}\.[\u0e00-\u0e7f]\./g, (short) => {
      const month = thaiMonths.indexOf(short) + 1
      return month > 0 ? monthName(month) : ' '
    })
    .replace(/เวลา|น\./g, ' ')
}

const vietnameseMonths = 'mot|gieng hai ba tu|bon nam sau bay tam chin muoi'
  .split(' ')
  .flatMap((forms, place) => forms.split('|').map((form) => [form, place + 1] as const))
const numberOfWord = new Map([...vietnameseMonths, ['muoi mot', 11], ['muoi hai', 12]] as const)

/** The month is named before its number, which may be a word; "Thứ Hai" (the second) is Monday, "CN" Sunday; "SA" and "CH" are halves of the day. */
function withoutVietnamese(text: string): string {
  return text
    .normalize('NFD')
    .replace(/\p{M}/gu, '')
    .replace(/\b(?:thu\s+(?:hai|ba|tu|nam|sau|bay|[2-7])|th\s[2-7](?=,)|chu nhat|cn)\b/gi, ' ')
    .replace(/\b(?:thang|thg\.?)\s*(\d{1,2}|muoi(?:\s+(?:mot|hai))?|[a-z]{2,5})/gi, (_, month: string) =>
      monthName(numberOfWord.get(month.toLowerCase().replace(/\s+/g, ' ')) ?? Number(month)),
    )
    .replace(/\b(?:ngay|nam|luc|vao)\b/gi, ' ')
    .replace(/(?<=\d\s?)(SA|CH)\b/g, (half) => (half === 'SA' ? ' am ' : ' pm '))
}
