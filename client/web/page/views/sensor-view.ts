/** Sensor: readings go out by unary calls and come back by a server stream. */
import type { GetStreamResponse } from '../../public.ts'
import { formatCelsius, formatDuration, messageTimeMs } from '../parts/format.ts'
import { greeterClients, UNARY_TIMEOUT_MS } from '../parts/greeter-clients.ts'
import { LineChart } from '../parts/line-chart.ts'
import { need, needPart } from '../parts/need.ts'
import { parseReading, writeReading } from '../parts/reading.ts'
import { showError } from '../parts/show-error.ts'
import { TopicFeed } from '../parts/topic-feed.ts'
import type { View } from '../view.ts'

const MAX_POINTS = 120
const REPEAT_MS = 1_000
const NOISE_CELSIUS = 0.3

/** Names this page, so that it knows its own readings among others. */
const SENDER = Math.random().toString(36).slice(2)

/** Wires up the section. */
export function createSensorView(section: HTMLElement): View {
  const form = need(section, 'form', HTMLFormElement)
  const name = need(form, '[name="sensor"]', HTMLInputElement)
  const board = new ReadingBoard(section)
  let topic = topicOf(name.value)
  const publisher = new ReadingPublisher(section, () => topic)
  const feed = new TopicFeed(topic, {
    client: greeterClients.connect,
    badgeSlot: needPart(section, 'badge'),
    onMessage: (message) => board.add(message),
  })
  form.addEventListener('submit', (event) => {
    event.preventDefault()
    topic = topicOf(name.value)
    board.clear(topic)
    feed.select(topic)
  })
  return {
    section,
    show() {
      feed.open()
      publisher.resume()
    },
    hide() {
      feed.close()
      publisher.pause()
    },
  }
}

function topicOf(name: string): string {
  return `sensors/${name}`
}

/** Sends the slider's value: on the button, when the slider has moved, and every second if asked. */
class ReadingPublisher {
  readonly #topic: () => string
  readonly #slider: HTMLInputElement
  readonly #repeat: HTMLInputElement
  readonly #error: HTMLElement
  #timer: ReturnType<typeof setInterval> | undefined
  #isPublishing = false

  constructor(section: HTMLElement, topic: () => string) {
    this.#topic = topic
    this.#slider = need(section, '[name="celsius"]', HTMLInputElement)
    this.#repeat = need(section, '[name="repeat"]', HTMLInputElement)
    this.#error = needPart(section, 'error')
    const setting = needPart(section, 'setting')
    const showSetting = () => {
      setting.textContent = formatCelsius(this.#slider.valueAsNumber)
    }
    this.#slider.addEventListener('input', showSetting)
    this.#slider.addEventListener('change', () => this.#publish())
    this.#repeat.addEventListener('change', () => this.resume())
    needPart(section, 'publish').addEventListener('click', () => this.#publish())
    showSetting()
  }

  resume(): void {
    this.pause()
    if (this.#repeat.checked) this.#timer = setInterval(() => this.#publish(), REPEAT_MS)
  }

  pause(): void {
    clearInterval(this.#timer)
  }

  /** One at a time: a server that does not keep up is not pressed harder. */
  async #publish(): Promise<void> {
    if (this.#isPublishing) return
    this.#isPublishing = true
    try {
      const noise = NOISE_CELSIUS * (2 * Math.random() - 1)
      const celsius = Math.round((this.#slider.valueAsNumber + noise) * 10) / 10
      const data = writeReading({ celsius, sender: SENDER, sentMs: performance.now() })
      await greeterClients.connect.publish({ topic: this.#topic(), data }, { timeoutMs: UNARY_TIMEOUT_MS })
      showError(this.#error)
    } catch (error) {
      showError(this.#error, error)
    } finally {
      this.#isPublishing = false
    }
  }
}

/** All that the section shows of the readings. */
class ReadingBoard {
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

  clear(topic: string): void {
    this.#received = 0
    this.#missed = 0n
    this.#chart.clear()
    this.#set('watched', topic)
    for (const part of ['value', 'sequence', 'average', 'round-trip']) this.#set(part, '–')
    this.#set('missed', '0')
  }

  add(message: GetStreamResponse): void {
    const reading = parseReading(message.data)
    if (reading === undefined) return
    if (this.#received > 0) this.#missed += message.missed
    this.#received += 1
    this.#chart.add({ timeMs: messageTimeMs(message), value: reading.celsius })
    const { points } = this.#chart
    this.#set('value', formatCelsius(reading.celsius))
    this.#set('average', formatCelsius(points.reduce((sum, { value }) => sum + value, 0) / points.length))
    this.#set('sequence', String(message.sequence))
    this.#set('missed', String(this.#missed))
    if (reading.sender !== SENDER || reading.sentMs === undefined) return
    this.#set('round-trip', formatDuration(performance.now() - reading.sentMs))
  }

  #set(part: string, text: string): void {
    needPart(this.#section, part).textContent = text
  }
}
