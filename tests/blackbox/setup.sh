#!/usr/bin/env bash
# Two regions, two accounts, keys of KMS, a role and a rule, by the AWS CLI alone. Prints the ARN of the destination's key.
# Usage: setup.sh SOURCE DESTINATION ROLE OWNER_ID PARTNER_ID   (the profiles are those that `tern dev` writes)
set -euo pipefail
source=$1 destination=$2 role=$3 owner=$4 partner=$5
home=us-east-1-$owner
abroad=eu-west-1-$partner
role_arn=arn:aws:iam::$owner:role/$role

aws --profile "$home" iam create-role --role-name "$role" --assume-role-policy-document '{
    "Version": "2012-10-17",
    "Statement": [{ "Effect": "Allow", "Principal": { "Service": "s3.amazonaws.com" }, "Action": "sts:AssumeRole" }]
}' >/dev/null

aws --profile "$home" s3api create-bucket --bucket "$source" >/dev/null
aws --profile "$abroad" s3api create-bucket --bucket "$destination" \
    --create-bucket-configuration LocationConstraint=eu-west-1 >/dev/null
aws --profile "$home" s3api put-bucket-versioning --bucket "$source" --versioning-configuration Status=Enabled
aws --profile "$abroad" s3api put-bucket-versioning --bucket "$destination" --versioning-configuration Status=Enabled

source_key=$(aws --profile "$home" kms create-key --description "$source" --query KeyMetadata.Arn --output text)
aws --profile "$home" kms create-alias --alias-name "alias/$source" --target-key-id "$source_key"
destination_key=$(aws --profile "$abroad" kms create-key --description "$destination" --query KeyMetadata.Arn \
    --output text)
aws --profile "$abroad" kms put-key-policy --key-id "$destination_key" --policy-name default --policy '{
    "Version": "2012-10-17",
    "Statement": [
        { "Effect": "Allow", "Principal": { "AWS": "arn:aws:iam::'"$partner"':root" }, "Action": "kms:*", "Resource": "*" },
        {
            "Effect": "Allow", "Principal": { "AWS": "'"$role_arn"'" },
            "Action": ["kms:Encrypt", "kms:GenerateDataKey", "kms:Decrypt"], "Resource": "*"
        }
    ]
}'
aws --profile "$home" s3api put-bucket-encryption --bucket "$source" --server-side-encryption-configuration '{
    "Rules": [{
        "ApplyServerSideEncryptionByDefault": { "SSEAlgorithm": "aws:kms", "KMSMasterKeyID": "'"$source_key"'" },
        "BucketKeyEnabled": true
    }]
}'

policy=$(aws --profile "$home" iam create-policy --policy-name "$role" --query Policy.Arn --output text \
    --policy-document '{
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow", "Action": ["s3:GetReplicationConfiguration", "s3:ListBucket"],
            "Resource": "arn:aws:s3:::'"$source"'"
        },
        {
            "Effect": "Allow",
            "Action": ["s3:GetObjectVersionForReplication", "s3:GetObjectVersionAcl", "s3:GetObjectVersionTagging"],
            "Resource": "arn:aws:s3:::'"$source"'/*"
        }
    ]
}')
aws --profile "$home" iam attach-role-policy --role-name "$role" --policy-arn "$policy"
aws --profile "$home" iam put-role-policy --role-name "$role" --policy-name writes --policy-document '{
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Action": ["s3:ReplicateObject", "s3:ReplicateDelete", "s3:ObjectOwnerOverrideToBucketOwner"],
            "Resource": "arn:aws:s3:::'"$destination"'/*"
        },
        { "Effect": "Allow", "Action": "kms:Decrypt", "Resource": "'"$source_key"'" },
        { "Effect": "Allow", "Action": ["kms:Encrypt", "kms:GenerateDataKey", "kms:Decrypt"], "Resource": "'"$destination_key"'" }
    ]
}'
aws --profile "$abroad" s3api put-bucket-policy --bucket "$destination" --policy '{
    "Version": "2012-10-17",
    "Statement": [{
        "Effect": "Allow", "Principal": { "AWS": "'"$role_arn"'" },
        "Action": ["s3:ReplicateObject", "s3:ReplicateDelete", "s3:ObjectOwnerOverrideToBucketOwner"],
        "Resource": "arn:aws:s3:::'"$destination"'/*"
    }]
}'
aws --profile "$home" s3api put-bucket-replication --bucket "$source" --replication-configuration '{
    "Role": "'"$role_arn"'",
    "Rules": [{
        "ID": "everything", "Priority": 1, "Status": "Enabled", "Filter": {},
        "DeleteMarkerReplication": { "Status": "Enabled" },
        "SourceSelectionCriteria": { "SseKmsEncryptedObjects": { "Status": "Enabled" } },
        "Destination": {
            "Bucket": "arn:aws:s3:::'"$destination"'", "Account": "'"$partner"'",
            "AccessControlTranslation": { "Owner": "Destination" },
            "EncryptionConfiguration": { "ReplicaKmsKeyID": "'"$destination_key"'" }
        }
    }]
}'
echo "$destination_key"
