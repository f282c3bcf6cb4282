# Two regions, two accounts: the owner's bucket in us-east-1 replicates within its region, to another region under keys of
# KMS, and to the partner's account.

terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
}

variable "home" {}
variable "abroad" {}
variable "owner" { type = object({ id = string, access_key = string, secret_key = string }) }
variable "partner" { type = object({ id = string, access_key = string, secret_key = string }) }
variable "suffix" {}
variable "prefix" { default = "first/" }

provider "aws" {
  region            = "us-east-1"
  access_key        = var.owner.access_key
  secret_key        = var.owner.secret_key
  s3_use_path_style = true
  endpoints {
    s3        = var.home
    s3control = var.home
    iam       = var.home
    sts       = var.home
    kms       = var.home
  }
}

provider "aws" {
  alias             = "abroad"
  region            = "eu-west-1"
  access_key        = var.owner.access_key
  secret_key        = var.owner.secret_key
  s3_use_path_style = true
  endpoints {
    s3        = var.abroad
    s3control = var.abroad
    iam       = var.abroad
    sts       = var.abroad
    kms       = var.abroad
  }
}

provider "aws" {
  alias             = "partner"
  region            = "eu-west-1"
  access_key        = var.partner.access_key
  secret_key        = var.partner.secret_key
  s3_use_path_style = true
  endpoints {
    s3        = var.abroad
    s3control = var.abroad
    iam       = var.abroad
    sts       = var.abroad
    kms       = var.abroad
  }
}

# The role

data "aws_iam_policy_document" "trust" {
  statement {
    actions = ["sts:AssumeRole"]
    principals {
      type        = "Service"
      identifiers = ["s3.amazonaws.com"]
    }
    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [var.owner.id]
    }
  }
}

data "aws_iam_policy_document" "reads" {
  statement {
    actions   = ["s3:GetReplicationConfiguration", "s3:ListBucket"]
    resources = [aws_s3_bucket.source.arn]
  }
  statement {
    actions = [
      "s3:GetObjectVersionForReplication", "s3:GetObjectVersionAcl", "s3:GetObjectVersionTagging",
    ]
    resources = ["${aws_s3_bucket.source.arn}/*"]
  }
}

data "aws_iam_policy_document" "writes" {
  statement {
    actions = [
      "s3:ReplicateObject", "s3:ReplicateDelete", "s3:ReplicateTags", "s3:ObjectOwnerOverrideToBucketOwner",
    ]
    resources = [
      "${aws_s3_bucket.near.arn}/*", "${aws_s3_bucket.far.arn}/*", "${aws_s3_bucket.partner.arn}/*",
    ]
  }
  statement {
    actions   = ["kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey"]
    resources = [aws_kms_key.source.arn, aws_kms_key.far.arn]
  }
}

resource "aws_iam_role" "replication" {
  name               = "replication-${var.suffix}"
  path               = "/service-role/"
  assume_role_policy = data.aws_iam_policy_document.trust.json
  tags               = { purpose = "replication" }
}

resource "aws_iam_role_policy" "reads" {
  role   = aws_iam_role.replication.name
  policy = data.aws_iam_policy_document.reads.json
}

resource "aws_iam_policy" "writes" {
  name   = "writes-${var.suffix}"
  policy = data.aws_iam_policy_document.writes.json
}

resource "aws_iam_role_policy_attachment" "writes" {
  role       = aws_iam_role.replication.name
  policy_arn = aws_iam_policy.writes.arn
}

# Keys

resource "aws_kms_key" "source" {
  description             = "objects at the source"
  deletion_window_in_days = 7
  enable_key_rotation     = true
}

resource "aws_kms_alias" "source" {
  name          = "alias/source-${var.suffix}"
  target_key_id = aws_kms_key.source.key_id
}

resource "aws_kms_key" "far" {
  provider                = aws.abroad
  description             = "replicas abroad"
  deletion_window_in_days = 7
}

# Buckets

resource "aws_s3_bucket" "source" {
  bucket        = "tf-source-${var.suffix}"
  force_destroy = true
  tags          = { side = "source" }
}

resource "aws_s3_bucket" "near" {
  bucket        = "tf-near-${var.suffix}"
  force_destroy = true
}

resource "aws_s3_bucket" "far" {
  provider      = aws.abroad
  bucket        = "tf-far-${var.suffix}"
  force_destroy = true
}

resource "aws_s3_bucket" "partner" {
  provider      = aws.partner
  bucket        = "tf-partner-${var.suffix}"
  force_destroy = true
}

resource "aws_s3_bucket_versioning" "source" {
  bucket = aws_s3_bucket.source.id
  versioning_configuration { status = "Enabled" }
}

resource "aws_s3_bucket_versioning" "near" {
  bucket = aws_s3_bucket.near.id
  versioning_configuration { status = "Enabled" }
}

resource "aws_s3_bucket_versioning" "far" {
  provider = aws.abroad
  bucket   = aws_s3_bucket.far.id
  versioning_configuration { status = "Enabled" }
}

resource "aws_s3_bucket_versioning" "partner" {
  provider = aws.partner
  bucket   = aws_s3_bucket.partner.id
  versioning_configuration { status = "Enabled" }
}

resource "aws_s3_bucket_server_side_encryption_configuration" "source" {
  bucket = aws_s3_bucket.source.id
  rule {
    bucket_key_enabled = true
    apply_server_side_encryption_by_default {
      sse_algorithm     = "aws:kms"
      kms_master_key_id = aws_kms_key.source.arn
    }
  }
}

resource "aws_s3_bucket_public_access_block" "source" {
  bucket                  = aws_s3_bucket.source.id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

data "aws_iam_policy_document" "partner" {
  statement {
    actions   = ["s3:ReplicateObject", "s3:ReplicateDelete", "s3:ReplicateTags", "s3:ObjectOwnerOverrideToBucketOwner"]
    resources = ["${aws_s3_bucket.partner.arn}/*"]
    principals {
      type        = "AWS"
      identifiers = [aws_iam_role.replication.arn]
    }
  }
}

resource "aws_s3_bucket_policy" "partner" {
  provider = aws.partner
  bucket   = aws_s3_bucket.partner.id
  policy   = data.aws_iam_policy_document.partner.json
}

# Replication

resource "aws_s3_bucket_replication_configuration" "source" {
  depends_on = [
    aws_s3_bucket_versioning.source, aws_s3_bucket_versioning.near, aws_s3_bucket_versioning.far,
    aws_s3_bucket_versioning.partner, aws_iam_role_policy.reads, aws_iam_role_policy_attachment.writes,
    aws_s3_bucket_policy.partner,
  ]
  bucket = aws_s3_bucket.source.id
  role   = aws_iam_role.replication.arn

  rule {
    id       = "near"
    priority = 1
    status   = "Enabled"
    filter { prefix = "plain/" }
    delete_marker_replication { status = "Enabled" }
    destination {
      bucket        = aws_s3_bucket.near.arn
      storage_class = "STANDARD_IA"
    }
  }

  rule {
    id       = "far"
    priority = 2
    status   = "Enabled"
    filter { prefix = "sealed/${var.prefix}" }
    delete_marker_replication { status = "Disabled" }
    source_selection_criteria {
      sse_kms_encrypted_objects { status = "Enabled" }
    }
    destination {
      bucket = aws_s3_bucket.far.arn
      encryption_configuration { replica_kms_key_id = aws_kms_key.far.arn }
    }
  }

  rule {
    id       = "partner"
    priority = 3
    status   = "Enabled"
    filter {
      and {
        prefix = "shared/"
        tags   = { share = "yes" }
      }
    }
    delete_marker_replication { status = "Disabled" }
    destination {
      bucket  = aws_s3_bucket.partner.arn
      account = var.partner.id
      access_control_translation { owner = "Destination" }
    }
  }
}

output "source" { value = aws_s3_bucket.source.id }
output "near" { value = aws_s3_bucket.near.id }
output "far" { value = aws_s3_bucket.far.id }
output "partner" { value = aws_s3_bucket.partner.id }
output "far_key" { value = aws_kms_key.far.arn }
output "role" { value = aws_iam_role.replication.name }
