/** Line icons of 20 by 20 units. Screen readers pass them over, because words stand beside them. */

const shapes = {
  overview: 'M3 11.5 10 4l7 7.5M5 10v6.5h10V10',
  accounts: 'M3 5.5h14v9H3zM3.5 6l6.5 5 6.5-5',
  destination: 'M3 10.5 5.5 4h9L17 10.5v5H3zM3 10.5h4l1 2h4l1-2h4',
  settings: 'M4 6h7m4 0h1M4 14h1m4 0h7M13 4v4M7 12v4',
  mail: 'M3 8.500 10 3.500l7 5v8H3zM3.500 9l6.500 4.500 6.500-4.500',
  folder: 'M3 5h5l1.500 2H17v8.500H3z',
  sent: 'M17 3 3 8.500l5.500 3L11.500 17zM8.500 11.500 17 3',
  archive: 'M3 4.500h14v3H3zM4.500 7.500v8.500h11V7.500M8 10.500h4',
  flag: 'M5.500 17V3.500h9.500l-2.500 3.500 2.500 3.500H5.500',
  clip: 'm15.500 9.500-5.500 5.500a3.200 3.200 0 0 1-4.500-4.500l6-6a2.100 2.100 0 0 1 3 3l-6 6a1 1 0 0 1-1.500-1.500l5.500-5.500',
  answered: 'M8 5 3.500 9.500 8 14M4 9.500h7a5 5 0 0 1 5 5v1',
  image: 'M3 4.500h14v11H3zM3.500 13.500 8 9.500l3 3 2-2 3.500 3.500M12.500 7.500v.01',
  keys: 'M2.500 5h15v10h-15zM5.500 8v.01M8.500 8v.01M11.500 8v.01M14.500 8v.01M5.500 12h9',
  calendar: 'M3.500 5h13v11.500h-13zM3.500 8.500h13M7 3v3.500M13 3v3.500',
  check: 'm4.5 10.5 3.5 3.5 7.5-8',
  busy: 'M4 12c2.5-5 4 3 6.500-2s3.500 1 5.500-2M4 7c2.500-5 4 3 6.500-2s3.500 1 5.500-2M4 17c2.500-5 4 3 6.500-2s3.500 1 5.500-2',
  clock: 'M10 3.5a6.500 6.500 0 1 0 .01 0M10 6.500V10l2.500 2',
  aside: 'M3 4.500h14v11H3zM3 11.500h4l1 1.500h4l1-1.500h4M10 6.500v3m0 0-1.500-1.500M10 9.500l1.500-1.500',
  warning: 'M10 3.500 17.500 16.500h-15zM10 8.500v3.500m0 2v.01',
  stop: 'M7 3.500h6l3.500 3.500v6L13 16.500H7L3.500 13V7zM10 6.500v4.500m0 2.200v.01',
  pause: 'M7 5v10m6-10v10',
  play: 'M7 4.500v11l8-5.500z',
  refresh: 'M16 10a6 6 0 1 1-1.800-4.300M16 3.500v3h-3',
  edit: 'm12.500 4.500 3 3L7 16H4v-3z',
  remove: 'M4.500 6h11M8 6V4h4v2m-6.500 0 .700 10.500h7.600L14.500 6M8.500 9v4.500m3-4.500v4.500',
  more: 'M10 4.500v.01M10 10v.01M10 15.500v.01',
  close: 'm5 5 10 10M15 5 5 15',
  search: 'M9 4a5 5 0 1 0 .01 0m3.700 8.700L16.500 16.500',
  sun: 'M10 7a3 3 0 1 0 .01 0M10 2.500v1.500m0 12v1.500M2.500 10H4m12 0h1.500M4.700 4.700l1 1m8.600 8.600 1 1m0-10.600-1 1m-8.600 8.600-1 1',
  moon: 'M15.500 12A6.500 6.500 0 0 1 8 4.500a6.200 6.200 0 1 0 7.500 7.500z',
  system: 'M3 4.500h14v9H3zM7.500 16.500h5m-2.500-3v3',
  download: 'M10 3.500v9m-3.500-3.500L10 12.500 13.500 9M4 16h12',
  chevron: 'm7.500 5 5 5-5 5',
  sort: 'm6.500 8 3.500-4 3.500 4m-7 4 3.500 4 3.500-4',
  up: 'M10 16V4.500M5.500 9 10 4.500 14.500 9',
  down: 'M10 4v11.500M5.500 11l4.500 4.500 4.500-4.500',
  leave: 'M8.500 4H4v12h4.500M8 10h8.500M13.500 7l3 3-3 3',
  key: 'M8 12.500a3.500 3.500 0 1 1 .01 0M10.500 9.500H17v3M14 9.500v2.500',
  seen: 'M2.500 10c4-7 11-7 15 0-4 7-11 7-15 0M10 7.500a2.500 2.500 0 1 0 .01 0',
  unseen: 'M2.500 10c4-7 11-7 15 0-4 7-11 7-15 0M10 7.500a2.500 2.500 0 1 0 .01 0M4 16.500 16 3.500',
  copy: 'M7.500 7.500h9v9h-9zM4 12.500H3.500v-9h9v.500',
  language: 'M10 3a7 7 0 1 0 .01 0M3 10h14M10 3c-5 5-5 9 0 14m0-14c5 5 5 9 0 14',
} as const
export type IconName = keyof typeof shapes

export function Icon({ name }: { readonly name: IconName }) {
  return (
    <svg class={`icon icon-${name}`} viewBox="0 0 20 20" aria-hidden="true" focusable="false">
      <path d={shapes[name]} />
    </svg>
  )
}

/** The logo: several streams that become one. */
export function Logo() {
  return (
    <svg class="logo" viewBox="0 0 32 32" aria-hidden="true" focusable="false">
      <path d="M8 5c0 8 8 7 8 14M24 5c0 8-8 7-8 14M16 5v22" />
    </svg>
  )
}
