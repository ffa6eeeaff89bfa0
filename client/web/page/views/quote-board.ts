/** Shows the quotes of the ticker demo. */
import { element } from '../parts/element.ts'
import { formatChange, formatPrice, formatTime, messageTimeMs } from '../parts/format.ts'
import { LineChart } from '../parts/line-chart.ts'
import { parseQuote, type Quote } from '../parts/message-data.ts'
import { needPart } from '../parts/need.ts'
import type { Lapse, TopicMessage } from '../parts/topic-feed.ts'

const MAX_POINTS = 180
const MAX_ROWS = 50
/** The server makes no quotes without a watcher; the line does not bridge that time. */
const MAX_GAP_MS = 10_000

/** The part of the section that shows quotes. */
export class QuoteBoard {
  readonly #section: HTMLElement
  readonly #chart: LineChart
  readonly #rows: HTMLElement
  #received = 0
  #missed = 0n

  constructor(section: HTMLElement) {
    this.#section = section
    this.#rows = needPart(section, 'rows')
    this.#chart = new LineChart(needPart(section, 'chart'), {
      label: 'Price',
      maxPoints: MAX_POINTS,
      minSpan: 1,
      maxGapMs: MAX_GAP_MS,
      format: formatPrice,
    })
  }

  /** Removes all quotes, for another topic. */
  clear(symbol: string): void {
    this.#received = 0
    this.#missed = 0n
    this.#chart.clear()
    this.#rows.replaceChildren()
    this.#set('symbol', symbol)
    for (const part of ['price', 'sequence', 'high', 'low']) this.#set(part, '–')
    for (const part of ['received', 'missed']) this.#set(part, '0')
    this.#set('change', '')
  }

  /** Adds a message. Ignores data that is not a quote. */
  add(message: TopicMessage, lapse?: Lapse): void {
    const quote = parseQuote(message.data)
    if (quote === undefined) return
    const timeMs = messageTimeMs(message)
    // Messages lost before the first one were never on this page.
    if (this.#received > 0) this.#missed += message.missed
    this.#received += 1
    this.#chart.add({ timeMs, value: quote.price, lapse })
    this.#set('sequence', String(message.sequence))
    this.#set('received', String(this.#received))
    this.#set('missed', String(this.#missed))
    this.#showPrice(quote)
    this.#addRow(String(message.sequence), formatTime(timeMs), formatPrice(quote.price))
  }

  #showPrice({ price }: Quote): void {
    const prices = this.#chart.points.map(({ value }) => value)
    const first = prices[0] ?? price
    const change = needPart(this.#section, 'change')
    change.textContent = formatChange(first, price)
    change.dataset.direction = price < first ? 'down' : 'up'
    this.#set('price', formatPrice(price))
    this.#set('high', formatPrice(Math.max(...prices)))
    this.#set('low', formatPrice(Math.min(...prices)))
  }

  #addRow(...cells: readonly string[]): void {
    this.#rows.prepend(element('tr', {}, ...cells.map((cell) => element('td', {}, cell))))
    if (this.#rows.childElementCount > MAX_ROWS) this.#rows.lastElementChild?.remove()
  }

  /** Dims the values while they are not up to date. */
  showStale(isStale: boolean): void {
    this.#section.classList.toggle('is-stale', isStale && this.#received > 0)
  }

  #set(part: string, text: string): void {
    needPart(this.#section, part).textContent = text
  }
}
