/** Publishes the readings of the sensor demo. */
import { formatCelsius } from '../parts/format.ts'
import { writeReading } from '../parts/message-data.ts'
import { need, needPart } from '../parts/need.ts'
import { PutCall } from '../parts/put-call.ts'
import { showError } from '../parts/show-error.ts'

const REPEAT_MS = 1_000
/** A call without readings for this long ends. */
const IDLE_MS = 10_000
const NOISE_CELSIUS = 0.3

/** Identifies this page, so that it recognizes its own readings. */
export const SENDER = Math.random().toString(36).slice(2)

/** Publishes the slider's value: on the button, when the slider has moved, and every second if the box is checked. */
export class ReadingPublisher {
  readonly #topic: () => string
  readonly #slider: HTMLInputElement
  readonly #repeat: HTMLInputElement
  readonly #status: HTMLElement
  readonly #call: PutCall
  #timer: ReturnType<typeof setInterval> | undefined
  #idle: ReturnType<typeof setTimeout> | undefined

  constructor(section: HTMLElement, topic: () => string) {
    this.#topic = topic
    this.#slider = need(section, '[name="celsius"]', HTMLInputElement)
    this.#repeat = need(section, '[name="repeat"]', HTMLInputElement)
    this.#status = needPart(section, 'stream')
    this.#call = this.#createCall(needPart(section, 'error'))
    const setting = needPart(section, 'setting')
    const showSetting = () => {
      setting.textContent = formatCelsius(this.#slider.valueAsNumber)
    }
    this.#slider.addEventListener('input', showSetting)
    this.#slider.addEventListener('change', () => this.#publish())
    this.#repeat.addEventListener('change', () => (this.#repeat.checked ? this.resume() : this.pause()))
    needPart(section, 'publish').addEventListener('click', () => this.#publish())
    showSetting()
  }

  #createCall(error: HTMLElement): PutCall {
    return new PutCall({
      onSent: (sent) => {
        this.#status.textContent = `The call is open: ${sent} sent`
      },
      onSummary: ({ accepted }) => {
        this.#status.textContent = `The call has ended: the server accepted ${accepted}`
        showError(error)
      },
      onError: (reason) => {
        this.#status.textContent = 'The call has failed'
        showError(error, reason)
      },
    })
  }

  /** Publishes every second if the box is checked. */
  resume(): void {
    clearInterval(this.#timer)
    if (this.#repeat.checked) this.#timer = setInterval(() => this.#publish(), REPEAT_MS)
  }

  /** Stops publishing every second, and ends the call; the box keeps its state. */
  pause(): void {
    clearInterval(this.#timer)
    clearTimeout(this.#idle)
    this.#call.end()
  }

  #publish(): void {
    const noise = NOISE_CELSIUS * (2 * Math.random() - 1)
    const celsius = Math.round((this.#slider.valueAsNumber + noise) * 10) / 10
    this.#call.send({
      topic: this.#topic(),
      data: writeReading({ celsius, sender: SENDER, sentMs: performance.now() }),
    })
    clearTimeout(this.#idle)
    this.#idle = setTimeout(() => this.#call.end(), IDLE_MS)
  }
}
