/** The providers with a page of their own in the dashboard, which says step by step what has to be done there. */
export const guideIds = [
  'google',
  'microsoft',
  'fastmail',
  'yahoo',
  'aol',
  'gmx',
  'web-de',
  't-online',
  'icloud',
  'custom',
] as const
export type GuideId = (typeof guideIds)[number]
