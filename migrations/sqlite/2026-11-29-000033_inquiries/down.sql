DROP TABLE certificate_inquiries;
