import { CfnSubscription, CfnTopic, CfnTopicPolicy } from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';
import { key, TapStack } from '../pieces';
import { Place } from '../place';
import { document } from '../policy';

const PUBLISHERS = ['cloudwatch.amazonaws.com', 'events.amazonaws.com'];

export class AlertsStack extends TapStack {
  constructor(scope: Construct, place: Place) {
    super(scope, place, 'Alerts', 'topic through which people are told');
    const topic = new CfnTopic(this, 'Alerts', {
      topicName: place.name('topic', 'alerts'),
      kmsMasterKeyId: key(this, place, 'alerts', PUBLISHERS).attrArn,
    });
    new CfnTopicPolicy(this, 'AlertsPolicy', { topics: [topic.ref], policyDocument: policy(place, topic.ref) });
    place.config.alarms.email.forEach((endpoint) => {
      new CfnSubscription(this, `Email-${endpoint}`, { protocol: 'email', topicArn: topic.ref, endpoint });
    });
  }
}

function policy(place: Place, topic: string): object {
  const publish = (Sid: string, service: string, Condition?: object) => ({
    Sid,
    Effect: 'Allow',
    Principal: { Service: service },
    Action: 'sns:Publish',
    Resource: topic,
    ...(Condition && { Condition }),
  });
  const ofOurs = (sources: string) => ({
    ArnLike: { 'aws:SourceArn': sources },
    StringEquals: { 'aws:SourceAccount': place.config.account },
  });
  const alarms = place.arn('cloudwatch', `alarm:${place.name('alarm', '*')}`);
  return document([
    publish('RulesPublish', 'events.amazonaws.com'),
    publish('AlarmsPublish', 'cloudwatch.amazonaws.com', ofOurs(alarms)),
    {
      Sid: 'EncryptedOnly',
      Effect: 'Deny',
      Principal: '*',
      Action: 'sns:Publish',
      Resource: topic,
      Condition: { Bool: { 'aws:SecureTransport': 'false' } },
    },
  ]);
}
