/** Links to the console, which opens the same call. */
import { consoleRoute, type LinkedCall } from './console-route.ts'
import { element } from './element.ts'
import { need } from './need.ts'

/** Where the console is, from the root of the page; undefined if the server has none. */
const CONSOLE = document.documentElement.dataset.console

/** Links from the head of a section to a call. Without a console there is no link. */
export async function linkToConsole(section: HTMLElement, call: LinkedCall): Promise<void> {
  if (CONSOLE === undefined) return
  const href = new URL(CONSOLE, document.baseURI).href + (await consoleRoute(call))
  const link = section.querySelector('.console-link') ?? addLink(section)
  link.setAttribute('href', href)
}

function addLink(section: HTMLElement): Element {
  const link = element('a', { class: 'console-link' }, 'Open this call in the console')
  need(section, '.view-head', HTMLElement).append(element('p', {}, link))
  return link
}
