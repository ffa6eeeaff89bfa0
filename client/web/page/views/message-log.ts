/** Shows the messages of the chat demo. */
import type { GetStreamResponse } from '../../../../gen/greeter/v1/greeter_pb.js'
import { parseChatLine } from '../parts/chat-line.ts'
import { element } from '../parts/element.ts'
import { formatTime, messageTimeMs } from '../parts/format.ts'
import { needPart } from '../parts/need.ts'

const MAX_ITEMS = 500

/** Within this many pixels of the end a reader follows the talk; further up they read, and are not pulled down. */
const FOLLOW_PX = 80

/** What a message is shown with. */
export interface MessageContext {
  /** The name of who reads: what they said themselves looks different. */
  readonly ownName: string
  /** The server has begun to count anew since the message before. */
  readonly isRestart: boolean
}

/** The talk in one room. */
export class MessageLog {
  readonly #room: HTMLElement
  readonly #scroller: HTMLElement
  readonly #list: HTMLElement

  constructor(section: HTMLElement) {
    this.#room = needPart(section, 'joined')
    this.#scroller = needPart(section, 'log')
    this.#list = needPart(section, 'messages')
  }

  /** Forgets everything, for another topic. */
  clear(topic: string): void {
    this.#list.replaceChildren()
    this.#room.textContent = topic
    this.#scroller.ariaLabel = `Messages in ${topic}`
  }

  /** Shows one more message, and where others before it are missing. */
  add(message: GetStreamResponse, { ownName, isRestart }: MessageContext): void {
    const { scrollHeight, scrollTop, clientHeight } = this.#scroller
    const isFollowing = scrollHeight - scrollTop - clientHeight < FOLLOW_PX
    if (isRestart) this.#list.append(divider('The server was restarted'))
    if (message.missed > 0n) this.#list.append(divider(`${message.missed} earlier messages are no longer kept`))
    this.#list.append(messageItem(ownName, message))
    while (this.#list.childElementCount > MAX_ITEMS) this.#list.firstElementChild?.remove()
    if (isFollowing) this.#scroller.scrollTop = this.#scroller.scrollHeight
  }
}

function divider(text: string): HTMLElement {
  return element('li', { class: 'divider' }, text)
}

function messageItem(ownName: string, message: GetStreamResponse): HTMLElement {
  const { name, text } = parseChatLine(message.data)
  const timeMs = messageTimeMs(message)
  return element(
    'li',
    { class: name !== '' && name === ownName ? 'message is-own' : 'message' },
    element(
      'p',
      { class: 'message-head' },
      element('b', {}, name === '' ? 'Somebody' : name),
      ' ',
      element('time', { datetime: new Date(timeMs).toISOString() }, formatTime(timeMs)),
    ),
    element('p', { class: 'message-text' }, text),
  )
}
