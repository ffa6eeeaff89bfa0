/** Stock ticker: a server stream and its chart. */
import { linkToConsole } from '../parts/console-link.ts'
import { greeterClients } from '../parts/greeter-clients.ts'
import { need, needPart } from '../parts/need.ts'
import { TopicFeed } from '../parts/topic-feed.ts'
import { QuoteBoard } from './quote-board.ts'
import type { View } from './view.ts'

/** Wires up the section. */
export function createTickerView(section: HTMLElement): View {
  const form = need(section, 'form', HTMLFormElement)
  const symbol = need(form, '[name="symbol"]', HTMLInputElement)
  const board = new QuoteBoard(section)
  const feed = new TopicFeed(topicOf(symbol.value), {
    client: greeterClients.connect,
    badgeSlot: needPart(section, 'badge'),
    onMessage: (message, lapse) => board.add(message, lapse),
    onStale: (isStale) => board.showStale(isStale),
  })
  form.addEventListener('submit', (event) => {
    event.preventDefault()
    board.clear(symbol.value)
    feed.select(topicOf(symbol.value))
    showLink(section, topicOf(symbol.value))
  })
  showLink(section, topicOf(symbol.value))
  return { section, show: () => feed.open(), hide: () => feed.close() }
}

function topicOf(symbol: string): string {
  return `stocks/${symbol}`
}

function showLink(section: HTMLElement, topic: string): void {
  const messages = [{ topic, afterSequence: '0' }]
  void linkToConsole(section, { method: 'greeter.v1.GreeterService/GetStream', protocol: 'connect', messages })
}
