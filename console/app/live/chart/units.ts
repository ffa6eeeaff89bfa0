/** Values of charts and tables, with their units. */

const NUMBER = new Intl.NumberFormat('en', { maximumFractionDigits: 3 })
const DIGITS = new Intl.NumberFormat('en', { maximumSignificantDigits: 3 })
const WHOLE = new Intl.NumberFormat('en', { maximumFractionDigits: 0 })

/** `1,234.5` */
export function formatNumber(value: number): string {
  return NUMBER.format(value)
}

/** `0.25/s`, `1,203/s` */
export function formatRate(perSecond: number): string {
  return `${perSecond >= 100 ? WHOLE.format(perSecond) : DIGITS.format(perSecond)}/s`
}

/** `42 %` */
export function formatShare(share: number): string {
  return `${DIGITS.format(share * 100)} %`
}
