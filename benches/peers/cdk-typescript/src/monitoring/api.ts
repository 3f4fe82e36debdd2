import { Place } from '../place';
import { STAGE } from '../stacks/api';
import { AlarmSpec } from './alarm';
import { greatestOf, Metric, metric, sumOf } from './metric';

/** What clients ask. */
export const ROUTES = [
  ['POST', '/orders'],
  ['GET', '/orders/{id}'],
  ['GET', '/sessions/{id}'],
  ['PUT', '/sessions/{id}'],
];
/** Routes whose 503 is an answer. */
const CHECKS = ['/health/ready', '/health/serving'];
const NO_REQUESTS = 'a minute without a request has no data.';

export function ofStage(place: Place, name: string): Metric {
  return metric('AWS/ApiGateway', name, { ApiName: place.name('api', 'orders'), Stage: STAGE });
}

export function ofMethod(place: Place, name: string, method: string, resource: string, stat?: string): Metric {
  const dimensions = { ApiName: place.name('api', 'orders'), Method: method, Resource: resource, Stage: STAGE };
  return metric('AWS/ApiGateway', name, dimensions, stat);
}

function refusedBy(place: Place, rule: string): Metric {
  const firewall = place.name('firewall', 'orders');
  return metric('AWS/WAFV2', 'BlockedRequests', { Region: place.region, Rule: rule, WebACL: firewall });
}

export function api(place: Place): AlarmSpec[] {
  const { errorPercent, apiLatencyMs } = place.config.alarms;
  const checks = (id: string, name: string) =>
    Object.fromEntries(CHECKS.map((path, index) => [`${id}${index}`, ofMethod(place, name, 'GET', path)]));
  const less = (id: string) => CHECKS.map((_, index) => ` - FILL(${id}${index}, 0)`).join('');
  const [part, whole] = [`FILL(errors, 0)${less('e')}`, `requests${less('r')}`];
  const requests = ofStage(place, 'Count');
  return [
    {
      purpose: 'api-server-errors',
      measure: {
        expression: `IF((${whole}) > 0, 100 * (${part}) / (${whole}), 0)`,
        metrics: { errors: ofStage(place, '5XXError'), requests, ...checks('e', '5XXError'), ...checks('r', 'Count') },
      },
      bad: ['>', errorPercent],
      lasting: [3, 5],
      meaning: `More than ${errorPercent} % of the requests are answered with 5xx.`,
      first: 'read the access log by status and path; if the journal does not answer, `orders-unavailable` rings too.',
      noData: NO_REQUESTS,
    },
    {
      purpose: 'api-client-errors',
      measure: {
        expression: 'IF(requests >= 60, 100 * FILL(errors, 0) / requests, 0)',
        metrics: { errors: ofStage(place, '4XXError'), requests },
      },
      bad: ['>', 20],
      lasting: [3, 5],
      meaning: 'More than 20 % of the requests are answered with 4xx.',
      first: 'read in the access log which status and which addresses: 403 is a signature, 422 a body, 429 a limit.',
      noData: NO_REQUESTS,
    },
    {
      purpose: 'api-latency',
      measure: greatestOf(ROUTES.map(([method, path]) => ofMethod(place, 'Latency', method, path, 'p99'))),
      bad: ['>', apiLatencyMs],
      lasting: [3, 5],
      meaning: `1 of 100 requests of a route takes more than ${apiLatencyMs} ms.`,
      first: "see on the dashboard which route, and whether the journal, the database or the function's start is slow.",
      noData: NO_REQUESTS,
    },
    {
      purpose: 'certificate-expires',
      measure: metric(
        'AWS/CertificateManager',
        'DaysToExpiry',
        { CertificateArn: place.parameter('api/certificate') },
        'Minimum',
      ),
      bad: ['<', 30],
      period: 86_400,
      missing: 'ignore',
      meaning: "The certificate of this region's names ends in less than 30 days and was not renewed.",
      first: 'see in Certificate Manager why: most often the record that proves the domain is gone from the zone.',
      noData: 'a new certificate has no data for half a day, and an old one twice a day.',
    },
    {
      purpose: 'address-refused',
      measure: sumOf(['requests-per-address', 'health-per-address'].map((rule) => refusedBy(place, rule))),
      bad: ['>=', 1],
      meaning: `An address sends more than ${place.config.api.requestsPerAddress} requests in a minute, or floods the health routes, and is refused for it.`,
      first:
        "see in the firewall's log which address: a client's own needs a higher limit (`requests_per_address`), a stranger's is being held back already.",
      noData: 'the firewall reports what is not zero.',
    },
  ];
}
