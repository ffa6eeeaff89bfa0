/** Shows the messages of the chat demo. */
import { element } from '../parts/element.ts'
import { formatTime, messageTimeMs } from '../parts/format.ts'
import { parseChatLine } from '../parts/message-data.ts'
import { needPart } from '../parts/need.ts'
import type { TopicMessage } from '../parts/topic-feed.ts'

const MAX_ITEMS = 500

/** Within this many pixels of the end the log follows new messages; further up it stays where the reader is. */
const FOLLOW_PX = 80

/** What else affects how a message is shown. */
export interface MessageContext {
  /** The name of the reader, whose own messages look different. */
  readonly ownName: string
  /** Whether the server restarted since the message before. */
  readonly isRestart: boolean
}

/** The messages of one room. */
export class MessageLog {
  readonly #room: HTMLElement
  readonly #scroller: HTMLElement
  readonly #list: HTMLElement

  constructor(section: HTMLElement) {
    this.#room = needPart(section, 'joined')
    this.#scroller = needPart(section, 'log')
    this.#list = needPart(section, 'messages')
  }

  /** Removes all messages, for another topic. */
  clear(topic: string): void {
    this.#list.replaceChildren()
    this.#room.textContent = topic
    this.#scroller.ariaLabel = `Messages in ${topic}`
  }

  /** Adds a message, and a note where messages before it are missing. */
  add(message: TopicMessage, { ownName, isRestart }: MessageContext): void {
    const { scrollHeight, scrollTop, clientHeight } = this.#scroller
    const isFollowing = scrollHeight - scrollTop - clientHeight < FOLLOW_PX
    if (isRestart) this.#list.append(divider('The server restarted'))
    if (message.missed > 0n) this.#list.append(divider(`${message.missed} earlier messages are no longer kept`))
    this.#list.append(messageItem(ownName, message))
    while (this.#list.childElementCount > MAX_ITEMS) this.#list.firstElementChild?.remove()
    if (isFollowing) this.#scroller.scrollTop = this.#scroller.scrollHeight
  }
}

function divider(text: string): HTMLElement {
  return element('li', { class: 'divider' }, text)
}

function messageItem(ownName: string, message: TopicMessage): HTMLElement {
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
