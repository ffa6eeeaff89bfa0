/** Formats numbers and times for people. */
import { type Timestamp, timestampMs } from '@bufbuild/protobuf/wkt'

const TIME = new Intl.DateTimeFormat(undefined, {
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  hour12: false,
})
const TWO_DECIMALS = new Intl.NumberFormat('en', { minimumFractionDigits: 2, maximumFractionDigits: 2 })

/** The time of day, in the reader's time zone. */
export function formatTime(timeMs: number): string {
  return TIME.format(timeMs)
}

/** `1,234.50` */
export function formatPrice(price: number): string {
  return TWO_DECIMALS.format(price)
}

/** `+1.20 (+0.35 %)`; always with a sign, so that color is never the only hint. */
export function formatChange(from: number, to: number): string {
  const sign = to < from ? '−' : '+'
  const difference = TWO_DECIMALS.format(Math.abs(to - from))
  const share = TWO_DECIMALS.format(Math.abs((to - from) / from) * 100)
  return `${sign}${difference} (${sign}${share} %)`
}

/** `21.5 °C` */
export function formatCelsius(celsius: number): string {
  return `${celsius.toFixed(1).replace('-', '−')} °C`
}

/** `3.2 ms`, `48 ms`, `1.5 s` */
export function formatDuration(durationMs: number): string {
  if (durationMs >= 1_000) return `${(durationMs / 1_000).toFixed(1)} s`
  return `${durationMs.toFixed(durationMs < 10 ? 1 : 0)} ms`
}

/** When the server accepted a message, in milliseconds since 1970; now if the message does not say. */
export function messageTimeMs({ time }: { readonly time?: Timestamp | undefined }): number {
  return time === undefined ? Date.now() : timestampMs(time)
}
