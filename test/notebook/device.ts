// device.ts — a device of somebody: a profile of its own in a browser that several of them share, so that two are two
// people's. Knows: what its pages complain about, and ask for. Must not know: the notebook.
import type { Browser, BrowserContext, Page } from 'playwright-core'

export class Device implements AsyncDisposable {
  /** Errors of every page, and what its console called an error, except that the relay was not to be had. */
  readonly complaints: string[] = []
  /** Every address that a page asked for, over HTTP or for a socket. */
  readonly requested: URL[] = []
  readonly context: BrowserContext

  private constructor(context: BrowserContext) {
    this.context = context
    context.on('weberror', (error) => this.complaints.push(String(error.error())))
    context.on('console', (message) => {
      if (message.type() !== 'error' && message.type() !== 'warning') return
      const words = message.text()
      if (!/^WebSocket connection to '[^']*' failed|net::ERR_/.test(words)) this.complaints.push(words)
    })
    context.on('request', (request) => this.requested.push(new URL(request.url())))
    context.on('page', (page) => page.on('websocket', (socket) => this.requested.push(new URL(socket.url()))))
  }

  static async in(browser: Browser): Promise<Device> {
    return new Device(await browser.newContext())
  }

  async open(url: string): Promise<Page> {
    const page = await this.context.newPage()
    await page.goto(url)
    return page
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.context.close()
  }
}
