/** Publishes the readings of the sensor demo. */

import { formatCelsius } from '../parts/format.ts'
import { greeterClients, UNARY_TIMEOUT_MS } from '../parts/greeter-clients.ts'
import { writeReading } from '../parts/message-data.ts'
import { need, needPart } from '../parts/need.ts'
import { showError } from '../parts/show-error.ts'

const REPEAT_MS = 1_000
const NOISE_CELSIUS = 0.3

/** Identifies this page, so that it recognizes its own readings. */
export const SENDER = Math.random().toString(36).slice(2)

/** Publishes the slider's value: on the button, when the slider has moved, and every second if the box is checked. */
export class ReadingPublisher {
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

  /** Publishes every second if the box is checked. */
  resume(): void {
    this.pause()
    if (this.#repeat.checked) this.#timer = setInterval(() => this.#publish(), REPEAT_MS)
  }

  /** Stops publishing every second; the box keeps its state. */
  pause(): void {
    clearInterval(this.#timer)
  }

  /** One call at a time, so that a slow server does not get more. */
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
