/** Shows the readings of the sensor demo. */
import { formatCelsius, formatDuration, messageTimeMs } from '../parts/format.ts'
import { LineChart } from '../parts/line-chart.ts'
import { parseReading } from '../parts/message-data.ts'
import { needPart } from '../parts/need.ts'
import type { Lapse, TopicMessage } from '../parts/topic-feed.ts'
import { SENDER } from './reading-publisher.ts'

const MAX_POINTS = 120

/** The part of the section that shows readings. */
export class ReadingBoard {
  readonly #section: HTMLElement
  readonly #chart: LineChart
  #received = 0
  #missed = 0n

  constructor(section: HTMLElement) {
    this.#section = section
    this.#chart = new LineChart(needPart(section, 'chart'), {
      label: 'Temperature',
      maxPoints: MAX_POINTS,
      minSpan: 2,
      format: formatCelsius,
    })
  }

  /** Removes all readings, for another topic. */
  clear(topic: string): void {
    this.#received = 0
    this.#missed = 0n
    this.#chart.clear()
    this.#set('watched', topic)
    this.#set('target', topic)
    for (const part of ['value', 'sequence', 'average', 'round-trip']) this.#set(part, '–')
    this.#set('missed', '0')
  }

  /** Adds a message. Ignores data that is not a reading. */
  add(message: TopicMessage, lapse?: Lapse): void {
    const reading = parseReading(message.data)
    if (reading === undefined) return
    if (this.#received > 0) this.#missed += message.missed
    this.#received += 1
    this.#chart.add({
      timeMs: messageTimeMs(message),
      value: reading.celsius,
      lapse,
    })
    const { points } = this.#chart
    this.#set('value', formatCelsius(reading.celsius))
    this.#set('average', formatCelsius(points.reduce((sum, { value }) => sum + value, 0) / points.length))
    this.#set('sequence', String(message.sequence))
    this.#set('missed', String(this.#missed))
    if (reading.sender !== SENDER || reading.sentMs === undefined) return
    this.#set('round-trip', formatDuration(performance.now() - reading.sentMs))
  }

  /** Dims the values while they are not up to date. */
  showStale(isStale: boolean): void {
    this.#section.classList.toggle('is-stale', isStale && this.#received > 0)
  }

  #set(part: string, text: string): void {
    needPart(this.#section, part).textContent = text
  }
}
