import type { Cover, CoverConnection } from './cover.ts';
import type { InProcessSite } from './in-process-site.ts';
import type { Peer } from './memory-socket.ts';

const always = (): boolean => true;

/** A cover that is a site inside the process: it can always be reached. */
export class SiteCover implements Cover {
  private readonly site: InProcessSite;

  constructor(site: InProcessSite) {
    this.site = site;
  }

  connect(peer: Peer): CoverConnection {
    return { stream: this.site.connect(peer), isOpen: always };
  }

  connectStandIn(peer: Peer): CoverConnection {
    return this.connect(peer);
  }

  close(): void {
    this.site.close();
  }
}
